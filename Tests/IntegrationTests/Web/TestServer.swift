import IOCore
import Synchronization
import Web

/// A server on a loop of its own with a handful of routes, and a loop for the clients.
struct TestServer: Sendable {
    let port: Int
    let clientLoop: EventLoop
    /// The request to `/held`.
    let held: HeldRequest
    private let resolver: BlockingPool

    /// Runs `body` on the client loop against a running server, then drains the server.
    static func run(
        limits: HTTPLimits = HTTPLimits(),
        answers: AnswerPolicy = AnswerPolicy(),
        loops: Int = 1,
        drainTimeout: Duration = .seconds(30),
        _ body: @escaping @Sendable (isolated LoopActor, TestServer, ShutdownSignal) async throws -> Void
    ) async throws {
        let group = EventLoopGroup(count: loops)
        group.start()
        let clientLoop = EventLoop(name: "client")
        clientLoop.start()
        let resolver = BlockingPool(name: "resolver", threads: 1, queueLimit: 1)
        let logger = Logger(label: "test", level: .error)
        let held = HeldRequest()
        let server = HTTPServer(
            configuration: .init(limits: limits, answers: answers, drainTimeout: drainTimeout),
            group: group,
            logger: logger
        ) { loop in makeRouter(loop: loop, held: held, logger: logger) }
        let port = try await server.listen()
        let shutdown = ShutdownSignal()
        let test = TestServer(port: port, clientLoop: clientLoop, held: held, resolver: resolver)
        let result: Result<Void, any Error> = await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try? await server.run(until: shutdown) }
            let result: Result<Void, any Error>
            do {
                result = .success(try await clientLoop.run { try await body($0, test, shutdown) })
            } catch {
                result = .failure(error)
            }
            shutdown.trigger()
            await tasks.waitForAll()
            return result
        }
        clientLoop.stop()
        group.stop()
        resolver.shutdown()
        try result.get()
    }

    /// A new connection to the server, on the client loop.
    func connect() async throws -> HTTPClient {
        try await HTTPClient.connect(port: port, loop: clientLoop, deadline: .seconds(30), resolver: resolver)
    }

    private static func makeRouter(loop: EventLoop, held: HeldRequest, logger: Logger) -> Router<BasicRequestContext> {
        let router = Router<BasicRequestContext>(logger: logger)
        router.on(.get, "/hello", name: "hello") { _, _ in .text(.ok, "hello") }
        router.on(.post, "/echo", name: "echo") { request, _ in
            HTTPResponse(contentType: "application/octet-stream", body: request.body)
        }
        router.on(.get, "/items/{id}", name: "item") { _, context in
            .text(.ok, String(try context.parameters.integer("id")))
        }
        router.on(.get, "/large", name: "large") { _, _ in
            HTTPResponse(contentType: "text/plain", body: [UInt8](repeating: UInt8(ascii: "x"), count: 4 * 1024 * 1024))
        }
        router.on(.get, "/held", name: "held") { _, _ in
            held.begin()
            while !held.isReleased { await loop.sleep(for: .milliseconds(5)) }
            return .text(.ok, "held")
        }
        router.on(.post, "/short", name: "short", description: short) { _, _ in .text(.ok, "short") }
        router.on(.get, "/short/held", name: "shortHeld", description: short) { _, _ in
            while !held.isReleased { await loop.sleep(for: .milliseconds(5)) }
            return .text(.ok, "held")
        }
        router.on(.get, "/upgrade", name: "upgrade") { _, _ in
            .upgrade(to: "echo", headers: HTTPHeaders([("X-Own", "1")])) { stream, leftover, ended in
                EchoProtocol(stream: stream, ended: ended).begin(leftover)
            }
        }
        return router
    }

    private static let short = RouteDescription(
        "Takes little, and little time",
        tag: "limits",
        answers: [],
        limits: RequestLimits(bodyBytes: 8, answerTimeout: .milliseconds(50))
    )
}

/// A request that is answered when the test says so.
final class HeldRequest: Sendable {
    private let state = Mutex((begun: false, released: false))

    var isBegun: Bool { state.withLock { $0.begun } }
    var isReleased: Bool { state.withLock { $0.released } }
    func begin() { state.withLock { $0.begun = true } }
    func release() { state.withLock { $0.released = true } }
}

/// Returns every byte until the peer closes: the smallest thing to upgrade to.
private final class EchoProtocol: TCPStreamDelegate {
    private let stream: TCPStream
    private let ended: () -> Void
    /// The stream does not own its delegate.
    private var itself: EchoProtocol?

    init(stream: TCPStream, ended: @escaping () -> Void) {
        self.stream = stream
        self.ended = ended
    }

    func begin(_ leftover: [UInt8]) {
        itself = self
        stream.delegate = self
        _ = stream.send(Frame(leftover))
        stream.startReading()
    }

    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
        var copy: [UInt8] = []
        for index in bytes.indices { copy.append(bytes[index]) }
        _ = stream.send(Frame(copy))
    }

    func stream(_ stream: TCPStream, didCloseWith error: IOError?) {
        ended()
        itself = nil
    }

    func streamDidDrain(_ stream: TCPStream) {}
}
