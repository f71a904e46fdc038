import IOCore
import Support

@testable import Redis

/// A server that answers the first command with the first line of its script and the second with the rest.
final class FakeRedis: TCPStreamDelegate {
    private let script: [[UInt8]]
    private let closes: Bool
    private let loop: EventLoop
    private var streams: [(stream: TCPStream, step: Int)] = []
    private var listener: TCPListener?

    init(answer: [UInt8], thenCloses: Bool, loop: EventLoop) {
        let firstLine = (answer.firstIndex(of: 10) ?? answer.count - 1) + 1
        script = [Array(answer[..<firstLine]), Array(answer[firstLine...])]
        closes = thenCloses
        self.loop = loop
    }

    func listen() throws -> Int {
        let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: loop) { [weak self] in self?.accept($0) }
        self.listener = listener
        return listener.localPort
    }

    func close() {
        listener?.close()
        for (stream, _) in streams { stream.close() }
    }

    private func accept(_ descriptor: Int32) {
        guard let stream = try? TCPStream(adopting: descriptor, loop: loop) else { return }
        stream.delegate = self
        streams.append((stream, 0))
        stream.startReading()
    }

    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
        guard let index = streams.firstIndex(where: { $0.stream === stream }) else { return }
        let step = streams[index].step
        guard step < script.count else { return }
        streams[index].step += 1
        _ = stream.send(Frame(script[step]))
        if closes, step == 1 { stream.closeAfterFlush() }
    }

    func stream(_ stream: TCPStream, didCloseWith error: IOError?) {}
    func streamDidDrain(_ stream: TCPStream) {}

    /// What a GET on one connection to such a server comes to.
    ///
    /// - Throws: what connecting throws.
    static func run(answer: [UInt8], thenCloses: Bool, deadline: Duration) async throws -> String {
        let resolver = BlockingPool(name: "resolver", threads: 1, queueLimit: 1)
        defer { resolver.shutdown() }
        return try await onLoop { actor in
            let server = FakeRedis(answer: answer, thenCloses: thenCloses, loop: actor.loop)
            defer { server.close() }
            var configuration = RedisConfiguration(url: try RedisURL("redis://127.0.0.1:\(try server.listen())"))
            configuration.connectDeadline = .seconds(60)
            let opened = try await RedisConnection.open(
                configuration.url.addresses[0],
                configuration,
                loop: actor.loop,
                resolver: resolver
            )
            do throws(RedisError) {
                try await opened.execute(RedisCommands.Raw("GET", "k"), deadline: deadline)
            } catch {
                return "\(error.code)"
            }
            return opened.closeReason.map { "\($0.code)" } ?? "ok"
        }
    }
}
