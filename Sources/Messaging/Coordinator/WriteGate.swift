package import Domain
package import IOCore

/// Where services on any loop hand in operations: the node's lane, wherever it runs.
package struct WriteGate: Sendable {
    private let coordinator: LoopBound<WriteCoordinator>

    /// A gate to this coordinator.
    package init(_ coordinator: LoopBound<WriteCoordinator>) { self.coordinator = coordinator }

    /// Takes an operation through both stores; see `WriteCoordinator.submit(_:)`.
    package func submit(_ operation: Operation) async throws -> CommitLane.Outcome {
        try await coordinator.loop.actor.run { _ in try await coordinator.value.submit(operation) }
    }

    /// Takes an operation through both stores and calls back on `loop`, exactly once; operations handed in one after
    /// the other from one loop keep that order.
    package func submit(
        _ operation: Operation,
        replyOn loop: EventLoop,
        _ reply: @escaping @Sendable (Result<CommitLane.Outcome, Failure>) -> Void
    ) {
        coordinator.loop.execute { [coordinator] in
            coordinator.value.submit(operation) { result in loop.execute { reply(result) } }
        }
    }
}
