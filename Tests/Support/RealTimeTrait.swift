package import Testing

/// Limits how many tests that use sockets, stores and deadlines run at once.
///
/// Swift Testing begins every test of a run together. Hundreds of event loops then share a few cores, a thread waits for
/// its turn longer than the deadlines under test, and the stores run out of connections: such a run measures the machine.
package struct RealTimeTrait: SuiteTrait, TestTrait, TestScoping {
    package var isRecursive: Bool { true }

    private static let slots = Slots(4)

    @concurrent package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        await Self.slots.take()
        do {
            try await function()
        } catch {
            await Self.slots.giveBack()
            throw error
        }
        await Self.slots.giveBack()
    }
}

extension Trait where Self == RealTimeTrait {
    /// For suites whose tests use sockets, stores or deadlines.
    package static var realTime: RealTimeTrait { RealTimeTrait() }
}

/// So many may run; the others wait in line.
private actor Slots {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func giveBack() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
