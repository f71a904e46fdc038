import IOCore
import Support
import Web

/// A server of the cluster, which faults kill, freeze and start again.
///
/// Loop-bound.
final class FaultNode {
    let name: String
    let server: ServerUnderTest
    let loop: EventLoop
    let resolver: BlockingPool
    private let client: TestClient

    private static let variables = [
        "ACCESS_TOKEN_EXPIRE_MINUTES": "1440", "LOG_LEVEL": "warning",
    ]

    init(number: Int, stores: ServerStores, loop: EventLoop, resolver: BlockingPool) throws {
        name = "node \(number)"
        server = try ServerUnderTest(stores: stores, variables: Self.variables)
        self.loop = loop
        self.resolver = resolver
        client = TestClient(port: server.port, loop: loop, resolver: resolver)
    }

    var port: Int { server.port }
    var isRunning: Bool { server.isRunning }

    /// Starts the process, after the last one has ended, with more in its environment.
    func launch(_ variables: [String: String] = [:]) throws {
        server.variables = Self.variables.merging(variables) { $1 }
        try server.launch()
    }

    /// Starts the process and waits until it says that it is ready.
    func start(_ variables: [String: String] = [:]) async throws {
        try launch(variables)
        try await waitUntilReady()
    }

    /// Waits until it says that it is ready.
    func waitUntilReady(within limit: Duration = .seconds(120)) async throws {
        let end = loop.now + limit
        while !(await isReady()) {
            guard isRunning else {
                throw TestSocket.Missing(
                    "\(name) has ended with \(server.end ?? "no process"): \(server.log.suffix(1_000))"
                )
            }
            guard loop.now < end else { throw TestSocket.Missing("\(name) is not ready within \(limit)") }
            await loop.sleep(for: .milliseconds(30))
        }
    }

    /// Whether it says that it can serve, stores and all.
    func isReady() async -> Bool {
        let answer = try? await client.send(.get, "//health/ready", deadline: .seconds(2))
        return answer?.status == 200
    }

    /// SIGTERM, and waits for the end; SIGKILL where that does not come.
    func stop() async {
        server.terminate()
        let end = loop.now + .seconds(15)
        while isRunning, loop.now < end { await loop.sleep(for: .milliseconds(10)) }
        server.kill()
    }

    /// A client of this node.
    func makeClient() -> TestClient { TestClient(port: port, loop: loop, resolver: resolver) }
}
