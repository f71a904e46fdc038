import IOCore
import Support
import Testing

@testable import Gateway

/// What waits for stores, so much of it at a time.
@Suite struct WorkLaneTests {
    /// Work that is done when the test says so.
    private final class Scene {
        let loop: EventLoop
        let lane: WorkLane
        var begun: [Int] = []
        var done: Set<Int> = []
        var steps: [String] = []
        private var gates: [Int: Gate] = [:]

        init(_ loop: EventLoop, width: Int) {
            self.loop = loop
            lane = WorkLane(loop: loop, width: width)
        }

        func add(_ number: Int) {
            let gate = Gate()
            gates[number] = gate
            lane.add { [self] in
                begun.append(number)
                await gate.wait(loop)
                done.insert(number)
            }
        }

        /// Work that takes a moment.
        func addStep(_ number: Int) {
            lane.add { [self] in
                steps.append("begin \(number)")
                await loop.sleep(for: .milliseconds(1))
                steps.append("end \(number)")
            }
        }

        func open(_ number: Int) { gates[number]?.isOpen = true }

        /// Lets everything end, also where the test has failed.
        func end() {
            for gate in gates.values { gate.isOpen = true }
            lane.finish()
        }

        func becomes(_ condition: () -> Bool) async throws {
            let end = ContinuousClock.now + .seconds(60)
            while !condition() {
                try #require(ContinuousClock.now < end)
                await loop.sleep(for: .milliseconds(1))
            }
        }
    }

    private static func run(
        width: Int,
        _ body: @escaping @Sendable (Scene) async throws -> Void
    ) async throws -> (begun: [Int], done: Set<Int>) {
        try await onLoop { actor in
            let scene = LoopBound(Scene(actor.loop, width: width), loop: actor.loop)
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask(executorPreference: scene.loop) {
                    await scene.loop.actor.run { _ in await scene.value.lane.run() }
                }
                group.addTask(executorPreference: scene.loop) {
                    try await scene.loop.actor.run { _ in
                        defer { scene.value.end() }
                        try await body(scene.value)
                    }
                }
            }
            return (scene.value.begun, scene.value.done)
        }
    }

    @Test func `so many are under way at a time, begun in their order, and a slow one holds up no others`() async throws
    {
        let (begun, done) = try await Self.run(width: 3) { scene in
            for number in 1...8 { scene.add(number) }
            // One more is taken out of the queue before it has a place.
            try await scene.becomes { scene.begun.count == 3 && scene.lane.count == 4 }
            for number in 2...8 {
                let before = scene.begun.count
                #expect(scene.begun == Array(1...before) && before - scene.done.count == 3)
                scene.open(number)
                try await scene.becomes { scene.done.contains(number) && scene.begun.count == min(before + 1, 8) }
                if scene.begun.count == 8 { break }
            }
            for number in 1...8 { scene.open(number) }
            scene.lane.finish()
        }
        #expect(begun == Array(1...8) && done == Set(1...8))
    }

    @Test func `where there is one place, work waits for the end of what came before it`() async throws {
        _ = try await Self.run(width: 1) { scene in
            for number in 1...5 { scene.addStep(number) }
            try await scene.becomes { scene.steps.count == 10 }
            #expect(scene.steps == (1...5).flatMap { ["begin \($0)", "end \($0)"] })
        }
    }

    @Test func `cancelled it leaves undone what has not begun, and takes no more`() async throws {
        let (begun, done) = try await Self.run(width: 1) { scene in
            for number in 1...4 { scene.add(number) }
            try await scene.becomes { scene.begun == [1] && scene.lane.count == 2 }
            scene.lane.cancel()
            scene.add(5)
            for number in 1...5 { scene.open(number) }
        }
        // The second had been taken out already.
        #expect(begun == [1, 2] && done == [1, 2])
    }
}
