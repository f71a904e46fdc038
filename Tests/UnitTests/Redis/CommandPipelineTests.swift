import Testing

@testable import Redis

@Suite struct CommandPipelineTests {
    private let start = ContinuousClock.now
    private var pipeline = CommandPipeline<Int>(limit: 3)

    private func entry(
        _ waiter: Int,
        isWrite: Bool = false,
        after: Duration = .seconds(2)
    ) -> CommandPipeline<Int>.Entry {
        .init(waiter: waiter, isWrite: isWrite, deadline: start + after)
    }

    @Test mutating func `replies belong to waiters in order`() {
        for waiter in 1...3 { pipeline.append(entry(waiter)) }
        #expect([pipeline.receive(), pipeline.receive(), pipeline.receive()] == [1, 2, 3])
        #expect(pipeline.receive() == nil)
    }

    @Test mutating func `a full pipeline refuses`() {
        for waiter in 1...3 { pipeline.append(entry(waiter)) }
        #expect(pipeline.refusal?.code == .overloaded)
        _ = pipeline.receive()
        #expect(pipeline.refusal == nil)
    }

    @Test mutating func `the earliest deadline counts, not the first command's`() {
        #expect(pipeline.checkDeadlines(now: start) == .idle)
        pipeline.append(entry(1, after: .seconds(2)))
        pipeline.append(entry(2, after: .seconds(1)))
        #expect(pipeline.checkDeadlines(now: start) == .wait(until: start + .seconds(1)))
        #expect(pipeline.checkDeadlines(now: start + .seconds(1)) == .expired)
    }

    @Test mutating func `a timeout tells the overdue of the timeout and the others of the loss`() {
        pipeline.append(entry(1, isWrite: true, after: .seconds(1)))
        pipeline.append(entry(2, isWrite: true))
        pipeline.append(entry(3))
        let failures = pipeline.close(RedisError(.timeout, "late"), now: start + .seconds(1))
        #expect(failures.map(\.waiter) == [1, 2, 3])
        #expect(failures.map(\.error.code) == [.timeout, .connectionLost, .connectionLost])
        #expect(failures.map(\.error.isOutcomeUnknown) == [true, true, false])
    }

    @Test mutating func `closing twice fails nobody twice`() {
        pipeline.append(entry(1))
        #expect(pipeline.close(RedisError(.connectionLost, ""), now: start).count == 1)
        #expect(pipeline.close(RedisError(.connectionLost, ""), now: start).isEmpty)
        #expect(pipeline.refusal?.code == .unavailable)
    }

    @Test mutating func `draining refuses new commands and ends with the last reply`() {
        pipeline.append(entry(1))
        pipeline.drain()
        #expect(pipeline.refusal?.code == .shutdown)
        #expect(!pipeline.isDrained)
        #expect(pipeline.receive() == 1)
        #expect(pipeline.isDrained)
    }

    @Test func `a queue keeps its order while it is refilled`() {
        var queue = FIFOQueue<Int>()
        var next = 0
        var expected = 0
        for round in 0..<500 {
            for _ in 0...(round % 7) {
                queue.append(next)
                next += 1
            }
            for _ in 0...(round % 5) {
                guard let value = queue.popFirst() else { break }
                #expect(value == expected)
                expected += 1
            }
            #expect(queue.count == next - expected)
            #expect(queue.first == (queue.isEmpty ? nil : expected))
        }
    }
}
