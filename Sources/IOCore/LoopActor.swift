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
