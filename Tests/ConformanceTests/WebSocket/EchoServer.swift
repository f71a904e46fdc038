import IOCore
import Testing
import Web

/// A WebSocket server that sends back every message, and what its sessions left behind.
///
/// Loop-bound.
final class EchoServer {
    let loop: EventLoop
    let limits: WebSocketLimits
    private(set) var connections: [WebSocketConnection] = []
    /// How each session ended, in the order of their ends.
    private(set) var endings: [WebSocketCloseStatus] = []
    private var heads: [Upgrade] = []
    /// Whether sessions take messages; while false they pile up.
    var isConsuming = true
    private(set) var consumed = 0

    /// Short enough to wait for, and long enough for a loaded machine to write out a full queue in.
    static let closeTimeout = Duration.seconds(6)

    init(loop: EventLoop, limits: WebSocketLimits) {
        self.loop = loop
        self.limits = limits
    }

    func serve(_ descriptor: Int32) async throws {
        let stream = try TCPStream(adopting: descriptor, loop: loop)
        let upgrade = Upgrade()
        heads.append(upgrade)
        stream.delegate = upgrade
        stream.startReading()
        try await poll { upgrade.isComplete }
        let handshake = try WebSocketHandshake(method: "GET", httpVersion: (1, 1)) { upgrade.values(of: $0) }
        _ = stream.send(Frame(handshake.response(subprotocol: handshake.subprotocol(among: ["echo"]))))
        let connection = WebSocketConnection(
            upgraded: stream,
            loop: loop,
            role: .server,
            leftover: upgrade.leftover,
            limits: limits,
            closeTimeout: Self.closeTimeout
        )
        connections.append(connection)
        try await poll { self.isConsuming }
        while let message = await connection.nextMessage() {
            consumed += 1
            switch message {
            case .text(let bytes): _ = connection.send(.text(bytes))
            case .binary(let bytes): _ = connection.send(.binary(bytes))
            }
        }
        await connection.waitUntilClosed()
        endings.append(connection.closeStatus ?? .init(.internalError))
    }

    /// Waits until something holds; fails a test that would wait for ever.
    func poll(_ condition: () -> Bool) async throws {
        let end = loop.now + .seconds(60)
        while !condition() {
            try #require(loop.now < end, "waited in vain")
            await loop.sleep(for: .milliseconds(1))
        }
    }
}

/// Reads a request's head and keeps what is behind it.
private final class Upgrade: TCPStreamDelegate {
    private(set) var isComplete = false
    private(set) var leftover: [UInt8] = []
    private var received: [UInt8] = []
    private var fields: [(name: String, value: String)] = []

    func values(of name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
        for index in bytes.indices { received.append(bytes[index]) }
        guard let end = received.indices.first(where: { received[$0...].starts(with: [13, 10, 13, 10]) }) else {
            return
        }
        stream.stopReading()
        leftover = Array(received[(end + 4)...])
        let lines = String(decoding: received[..<end], as: UTF8.self).split(separator: "\r\n").dropFirst()
        fields = lines.map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (parts[0].lowercased(), String(parts[1].drop { $0 == " " }))
        }
        isComplete = true
    }

    func stream(_ stream: TCPStream, didCloseWith error: IOError?) {}
    func streamDidDrain(_ stream: TCPStream) {}
}

/// A peer that writes what it likes, right or wrong, and reads what comes back as a client.
///
/// Loop-bound.
final class RawPeer: TCPStreamDelegate {
    let stream: TCPStream
    private(set) var events: [WebSocketMessageAssembler.Event] = []
    private(set) var isClosed = false
    private(set) var closeError: IOError?
    /// The head of the server's answer, once it is there.
    private(set) var answer = ""
    /// Bytes that came behind the answer.
    private(set) var receivedBytes = 0
    private var assembler: WebSocketMessageAssembler
    private var head: [UInt8]? = []

    init(stream: TCPStream, compression: WebSocketCompression? = nil) {
        self.stream = stream
        assembler = WebSocketMessageAssembler(
            role: .client,
            limits: .init(frameBytes: .max, messageBytes: .max),
            compression: compression
        )
        stream.delegate = self
        stream.startReading()
    }

    /// Asks for the upgrade, with `bytes` right behind the request; `extensions` is what is offered.
    func open(offering extensions: String? = nil, then bytes: [UInt8] = []) {
        let offer = extensions.map { "Sec-WebSocket-Extensions: \($0)\r\n" } ?? ""
        let request =
            "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\(offer)\r\n"
        send(Array(request.utf8) + bytes)
    }

    func send(_ bytes: [UInt8]) { #expect(stream.send(Frame(bytes))) }

    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
        var position = 0
        while var head, position < bytes.count {
            head.append(bytes[position])
            position += 1
            let isWhole = head.suffix(4) == [13, 10, 13, 10]
            if isWhole { answer = String(decoding: head, as: UTF8.self) }
            self.head = isWhole ? nil : head
        }
        guard head == nil else { return }
        receivedBytes += bytes.count - position
        do {
            while let event = try assembler.next(in: bytes, from: &position) { events.append(event) }
        } catch {
            Issue.record(error)
        }
    }

    func stream(_ stream: TCPStream, didCloseWith error: IOError?) {
        isClosed = true
        closeError = error
    }

    func streamDidDrain(_ stream: TCPStream) {}
}

/// Runs `body` beside an echo server, on its loop.
func withEchoServer<Success: Sendable>(
    limits: WebSocketLimits = .init(),
    _ body: @escaping @Sendable (isolated LoopActor, EchoServer, _ port: Int) async throws -> Success
) async throws -> Success {
    let loop = EventLoop(name: "echo")
    loop.start()
    defer { loop.stop() }
    let (descriptors, accepted) = AsyncStream<Int32>.makeStream()
    let (server, listener) = try await loop.actor.run { actor in
        let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: loop) { accepted.yield($0) }
        return (
            LoopBound(EchoServer(loop: loop, limits: limits), loop: loop), LoopBound(listener, loop: loop)
        )
    }
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask(executorPreference: loop) {
            await withTaskGroup(of: Void.self) { sessions in
                for await descriptor in descriptors {
                    sessions.addTask(executorPreference: loop) {
                        await loop.actor.run { _ in try? await server.value.serve(descriptor) }
                    }
                }
            }
        }
        let outcome = Outcome<Success>()
        group.addTask(executorPreference: loop) {
            await outcome.set(
                Result.catching {
                    try await loop.actor.run { try await body($0, server.value, listener.value.localPort) }
                }
            )
            await loop.actor.run { _ in
                listener.value.close()
                for connection in server.value.connections { connection.abort() }
            }
            accepted.finish()
        }
        try await group.waitForAll()
        return try await outcome.get()
    }
}

/// Carries the result of a child task out of its group.
private actor Outcome<Success: Sendable> {
    private var result: Result<Success, any Error>?

    func set(_ result: Result<Success, any Error>) { self.result = result }
    func get() throws -> Success { try #require(result).get() }
}

extension Result where Failure == any Error, Success: Sendable {
    fileprivate static func catching(_ body: () async throws -> Success) async -> Self {
        do {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}
