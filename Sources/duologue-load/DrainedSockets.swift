internal import IOCore

/// Sockets whose frames of one size are counted, and not looked at.
///
/// Loop-bound.
final class DrainedSockets {
    private let tool: Tool
    private let payloadBytes: Int
    private let bell: Bell
    private var sockets: [Socket] = []
    private(set) var frames = 0
    private(set) var closed = 0
    private var awaited = Int.max
    private var isEnding = false

    /// An empty Pong, masked as clients must (RFC 6455, 5.3).
    private static let pong = Frame([0x8A, 0x80, 0, 0, 0, 0])

    /// None yet; of frames with so many bytes of payload.
    init(payloadBytes: Int, tool: Tool) {
        self.payloadBytes = payloadBytes
        self.tool = tool
        bell = Bell(loop: tool.loop)
    }

    /// Connects, and sends what opens a WebSocket where there is any.
    func open(host: String, port: Int, sending request: String? = nil) async throws {
        let stream = try await TCPStream.connect(
            host: host,
            port: port,
            loop: tool.loop,
            deadline: .seconds(10),
            limits: .unlimited,
            resolver: tool.resolver
        )
        let tally = FrameTally(payloadBytes: payloadBytes, afterHandshake: request != nil)
        let socket = Socket(stream, tally, owner: self)
        sockets.append(socket)
        stream.delegate = socket
        stream.startReading()
        if let request { _ = stream.send(Frame(Array(request.utf8))) }
    }

    /// Tells the server that all of them live.
    func pong() {
        for socket in sockets { _ = socket.stream.send(Self.pong) }
    }

    /// Waits until so many frames have come in all; false when they do not come within 30 seconds, or a socket was closed.
    func wait(for count: Int) async -> Bool {
        awaited = count
        let end = tool.loop.now + .seconds(30)
        while frames < count, closed == 0 {
            if await bell.wait(until: end) { break }
        }
        return frames >= count
    }

    /// Closes all.
    func close() {
        isEnding = true
        for socket in sockets { socket.stream.close() }
        sockets = []
    }

    private func took(_ count: Int) {
        frames += count
        if frames >= awaited { bell.ring() }
    }

    private func lost() {
        guard !isEnding else { return }
        closed += 1
        bell.ring()
    }

    private final class Socket: TCPStreamDelegate {
        let stream: TCPStream
        private var tally: FrameTally
        private unowned let owner: DrainedSockets

        init(_ stream: TCPStream, _ tally: FrameTally, owner: DrainedSockets) {
            self.stream = stream
            self.tally = tally
            self.owner = owner
        }

        func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) { owner.took(tally.take(bytes)) }
        func stream(_ stream: TCPStream, didCloseWith error: IOError?) { owner.lost() }
        func streamDidDrain(_ stream: TCPStream) {}
    }
}
