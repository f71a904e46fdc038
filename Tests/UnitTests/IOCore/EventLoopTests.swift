import IOCore
import Support
import Testing

@Suite struct EventLoopTests {
    @Test func `a loop-bound task stays on its loop across awaits`() async throws {
        let stayed = try await onLoop { actor in
            let before = actor.loop.isCurrent
            await actor.loop.sleep(for: .milliseconds(2))
            await Task.yield()
            return before && actor.loop.isCurrent && EventLoop.current === actor.loop
        }
        #expect(stayed)
    }

    @Test func `a child task with the loop's preference runs on the loop`() async throws {
        let loops = EventLoopGroup(count: 2)
        loops.start()
        let places = await withTaskGroup(of: Bool.self) { group in
            for loop in loops.loops {
                group.addTask(executorPreference: loop) { await loop.actor.run { _ in loop.isCurrent } }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        loops.stop()
        #expect(places == [true, true])
    }

    @Test func `bodies handed over from another thread run in order`() async throws {
        let loop = EventLoop(name: "test")
        loop.start()
        let log = Log()
        for number in 0..<1000 { loop.execute { log.append(number) } }
        loop.stop()
        #expect(log.numbers == Array(0..<1000))
    }

    @Test func `timers fire in order of their deadlines and never early`() async throws {
        let (order, early) = try await onLoop { actor in
            var order: [Int] = []
            let start = actor.loop.now
            var early = false
            await withCheckedContinuation { continuation in
                for milliseconds in [30, 10, 20] {
                    actor.loop.schedule(after: .milliseconds(milliseconds)) {
                        order.append(milliseconds)
                        if actor.loop.now - start < .milliseconds(milliseconds) { early = true }
                        if order.count == 3 { continuation.resume() }
                    }
                }
                actor.loop.schedule(after: .milliseconds(5)) { order.append(5) }.cancel()
            }
            return (order, early)
        }
        #expect(order == [10, 20, 30])
        #expect(!early)
    }

    @Test func `end-of-tick work runs once after the jobs of the tick`() async throws {
        let runs = try await onLoop { actor in
            var runs = 0
            actor.loop.atEndOfTick { runs += 1 }
            let during = runs
            await actor.loop.sleep(for: .milliseconds(1))
            await actor.loop.sleep(for: .milliseconds(1))
            return [during, runs]
        }
        #expect(runs == [0, 1])
    }
}
