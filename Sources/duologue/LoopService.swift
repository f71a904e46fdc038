internal import IOCore

/// A service whose parts run one on each of some loops.
struct LoopService: Service {
    let name: String
    private let loops: [EventLoop]
    private let body: @Sendable (EventLoop, ShutdownSignal) async -> Void

    /// Runs `body` on every loop; it returns once the signal is given and its part is done.
    init(
        _ name: String,
        on loops: [EventLoop],
        _ body: @escaping @Sendable (EventLoop, ShutdownSignal) async -> Void
    ) {
        self.name = name
        self.loops = loops
        self.body = body
    }

    func run(until shutdown: ShutdownSignal) async throws {
        await withDiscardingTaskGroup { group in
            for loop in loops {
                group.addTask(executorPreference: loop) {
                    await loop.actor.run { [body] _ in await body(loop, shutdown) }
                }
            }
        }
    }
}
