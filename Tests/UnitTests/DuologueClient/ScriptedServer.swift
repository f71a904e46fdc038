import IOCore
import Synchronization
import Web

/// A server of the contract's shape with no stores, whose answers a test decides on.
struct ScriptedServer: Sendable {
    let port: Int
    private let script: LoopBound<ServerScript>

    var url: String { "http://127.0.0.1:\(port)" }

    /// Runs `body` against a server on a loop of its own.
    static func run(_ body: @escaping @Sendable (ScriptedServer) async throws -> Void) async throws {
        let group = EventLoopGroup(count: 1)
        group.start()
        let logger = Logger(label: "test", level: .error)
        let script = try await group.loops[0].run { actor in LoopBound(ServerScript(loop: actor.loop), loop: actor.loop)
        }
        let server = HTTPServer(configuration: .init(drainTimeout: .zero), group: group, logger: logger) { _ in
            script.value.makeRouter(logger: logger)
        }
        let port = try await server.listen()
        let shutdown = ShutdownSignal()
        let result: Result<Void, any Error> = await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try? await server.run(until: shutdown) }
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(ScriptedServer(port: port, script: script)))
            } catch {
                result = .failure(error)
            }
            await script.loop.actor.run { _ in script.value.cutAll() }
            shutdown.trigger()
            await tasks.waitForAll()
            return result
        }
        group.stop()
        try result.get()
    }

    /// Reads or changes the script, on the server's loop.
    func callAsFunction<Success: Sendable>(_ body: @Sendable (ServerScript) throws -> Success) async rethrows -> Success
    {
        try await script.loop.actor.run { _ in try body(script.value) }
    }
}
