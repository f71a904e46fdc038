/// The isolation of everything bound to one event loop.
///
/// Loop-bound classes are not Sendable; their async methods run in the caller's isolation, which is this actor, and so
/// stay on the loop from the first line to the last.
package actor LoopActor {
    /// The loop this actor runs on.
    package nonisolated let loop: EventLoop

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    init(loop: EventLoop) { self.loop = loop }

    /// Runs `body` on the loop and returns what it returns.
    package func run<Success: Sendable>(
        _ body: @Sendable (isolated LoopActor) async throws -> Success
    ) async rethrows -> Success {
        try await body(self)
    }
}

extension EventLoop {
    /// Runs `body` on the loop in a child task that prefers it, so that what is not isolated stays there too: the body of
    /// a task group, for one, which `LoopActor.run` alone would let go to the global pool.
    package func run<Success: Sendable>(
        _ body: @escaping @Sendable (isolated LoopActor) async throws -> Success
    ) async throws -> Success {
        try await withThrowingTaskGroup(of: Success.self) { group in
            group.addTask(executorPreference: self) { try await self.actor.run(body) }
            guard let result = try await group.next() else { throw IOError(.shutdown, "the loop has ended") }
            return result
        }
    }
}
