import IOCore
import Support
import Testing
import Web

/// What a proxy does to what passes through it, seen by a client of an HTTP server behind it.
@Suite(.realTime) struct TCPProxyTests {
    /// A server that answers every request, behind a proxy.
    private static func run(_ body: @escaping @Sendable (TCPProxy, TestClient) async throws -> Void) async throws {
        let resolver = BlockingPool(name: "resolver", threads: 1, queueLimit: 64)
        try await onLoop { actor in
            let loop = actor.loop
            var sockets: [EchoStream] = []
            let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: loop) { descriptor in
                if let stream = try? EchoStream(descriptor, loop) { sockets.append(stream) }
            }
            let proxy = try await TCPProxy(to: listener.localPort)
            let client = TestClient(port: proxy.port, loop: loop, resolver: resolver)
            client.isHeldToContract = false
            try await body(proxy, client)
            await proxy.close()
            listener.close()
            for socket in sockets { socket.close() }
        }
        resolver.shutdown()
    }

    private static func isAnswered(_ client: TestClient, within deadline: Duration = .seconds(60)) async -> Bool {
        (try? await client.send(.get, "/x", deadline: deadline))?.status == 200
    }

    @Test func `in calm weather everything passes`() async throws {
        try await Self.run { _, client in
            for _ in 0..<3 { #expect(await Self.isAnswered(client)) }
        }
    }

    @Test func `latency delays each answer and changes none`() async throws {
        try await Self.run { proxy, client in
            #expect(await Self.isAnswered(client))
            await proxy.change(to: .slow(.milliseconds(120)))
            let start = ContinuousClock.now
            for _ in 0..<2 { #expect(await Self.isAnswered(client)) }
            #expect(ContinuousClock.now - start >= .milliseconds(240))
            await proxy.change(to: .calm)
            #expect(await Self.isAnswered(client))
        }
    }

    @Test func `a black hole takes connections and answers nothing, and those it robbed are cut afterwards`()
        async throws
    {
        try await Self.run { proxy, client in
            await proxy.change(to: .blackHole)
            #expect(await !Self.isAnswered(client, within: .milliseconds(200)))
            await proxy.change(to: .calm)
            #expect(await Self.isAnswered(client))
        }
    }

    @Test func `cut connections are made anew, unless the proxy refuses`() async throws {
        try await Self.run { proxy, client in
            #expect(await Self.isAnswered(client))
            await proxy.change(to: .refusing)
            try await eventually("the cut arrives") { await !Self.isAnswered(client) }
            #expect(await !Self.isAnswered(client))
            await proxy.change(to: .calm)
            #expect(await Self.isAnswered(client))
        }
    }
}

/// Answers whatever arrives with an empty 200.
private final class EchoStream: TCPStreamDelegate {
    private let stream: TCPStream

    init(_ descriptor: Int32, _ loop: EventLoop) throws(IOError) {
        stream = try TCPStream(adopting: descriptor, loop: loop)
        stream.delegate = self
        stream.startReading()
    }

    func close() { stream.close() }

    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
        _ = stream.send(Frame(Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8)))
    }

    func stream(_ stream: TCPStream, didCloseWith error: IOError?) {}

    func streamDidDrain(_ stream: TCPStream) {}
}
