import IOCore
import Support
import Testing

/// A proxy that cuts a connection lets exactly as many bytes pass as it was told.
@Suite(.realTime) struct CuttingProxyTests {
    /// What the server and the client have when the connection through the proxy has ended.
    private static func run(_ cut: CuttingProxy.Cut?) async throws -> (server: Int, client: Int) {
        let resolver = BlockingPool(name: "resolver", threads: 1, queueLimit: 64)
        defer { resolver.shutdown() }
        return try await onLoop { actor in
            let loop = actor.loop
            var server: CountingEcho?
            let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: loop) { descriptor in
                server = try? CountingEcho(TCPStream(adopting: descriptor, loop: loop), echoes: true)
            }
            let proxy = try CuttingProxy(loop: loop)
            proxy.upstreamPort = listener.localPort
            proxy.nextCut = cut
            let stream = try await TCPStream.connect(
                host: "127.0.0.1",
                port: proxy.port,
                loop: loop,
                deadline: .seconds(60),
                resolver: resolver
            )
            let client = CountingEcho(stream, echoes: false)
            for _ in 0..<10 { _ = stream.send(Frame([UInt8](repeating: 7, count: 100))) }
            try await eventually("the end") { client.count == 1_000 || client.isClosed && server?.isClosed == true }
            proxy.close()
            listener.close()
            stream.close()
            return (server?.count ?? 0, client.count)
        }
    }

    @Test func `without a cut everything passes`() async throws {
        let passed = try await Self.run(nil)
        #expect(passed == (1_000, 1_000))
    }

    @Test(arguments: [1, 99, 100, 537, 999])
    func `as many bytes reach the server as were to pass, and not one more`(_ bytes: Int) async throws {
        #expect(try await Self.run(.init(.toServer, after: bytes)).server <= bytes)
        #expect(try await Self.run(.init(.toServer, after: bytes, linger: .milliseconds(20))).server == bytes)
    }

    @Test(arguments: [1, 99, 100, 537, 999])
    func `as many bytes reach the client as were to pass`(_ bytes: Int) async throws {
        #expect(try await Self.run(.init(.toClient, after: bytes)).client <= bytes)
    }
}

private final class CountingEcho: TCPStreamDelegate {
    private(set) var count = 0
    private(set) var isClosed = false
    private let stream: TCPStream
    private let echoes: Bool

    init(_ stream: TCPStream, echoes: Bool) {
        self.stream = stream
        self.echoes = echoes
        stream.delegate = self
        stream.startReading()
    }

    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
        count += bytes.count
        if echoes { _ = stream.send(Frame([UInt8](repeating: 7, count: bytes.count))) }
    }

    func stream(_ stream: TCPStream, didCloseWith error: IOError?) { isClosed = true }

    func streamDidDrain(_ stream: TCPStream) {}
}
