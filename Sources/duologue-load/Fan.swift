internal import IOCore

/// Spreads work over concurrent tasks of one loop.
enum Fan {
    /// Runs `body` for every index below `count`, at most `limit` at once.
    ///
    /// The first error ends the rest before their next index, and is thrown once all have ended.
    static func out(
        over count: Int,
        atMost limit: Int,
        on loop: EventLoop,
        _ body: @escaping @Sendable (isolated LoopActor, Int) async throws -> Void
    ) async throws {
        let workers = min(limit, count)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<workers {
                group.addTask(executorPreference: loop) {
                    try await loop.actor.run { actor in
                        for index in stride(from: worker, to: count, by: workers) {
                            try Task.checkCancellation()
                            try await body(actor, index)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
