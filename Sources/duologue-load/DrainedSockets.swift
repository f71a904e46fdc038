internal import IOCore

/// Sockets that are read and counted, and not looked at: the cheapest reader there is.
///
/// Loop-bound.
final class DrainedSockets: TCPStreamDelegate {
    private let tool: Tool
    private let bell: Bell
    private var streams: [TCPStream] = []
    private(set) var bytes = 0
    private var awaited = Int.max
    private(set) var closed = 0

    /// None yet.
    init(tool: Tool) {
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
        stream.delegate = self
        stream.startReading()
        if let request { _ = stream.send(Frame(Array(request.utf8))) }
        streams.append(stream)
    }

    /// Waits until so many bytes have come in all; false when they do not come within 30 seconds, or a socket was closed.
    func wait(for count: Int) async -> Bool {
        awaited = count
        let end = tool.loop.now + .seconds(30)
        while bytes < count, closed == 0 {
            if await bell.wait(until: end) { break }
        }
        return bytes >= count
    }

    /// Closes all.
    func close() {
        for stream in streams {
            stream.delegate = nil
            stream.close()
        }
        streams = []
    }

    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
        self.bytes += bytes.count
        if self.bytes >= awaited { bell.ring() }
    }

    func stream(_ stream: TCPStream, didCloseWith error: IOError?) {
        closed += 1
        bell.ring()
    }

    func streamDidDrain(_ stream: TCPStream) {}
}
