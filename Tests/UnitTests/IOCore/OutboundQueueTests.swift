import Testing

@testable import IOCore

@Suite struct OutboundQueueTests {
    private func drain(_ queue: inout OutboundQueue, step: Int) -> [UInt8] {
        var result: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: step, alignment: 1)
        defer { unsafe buffer.deallocate() }
        while !queue.isEmpty {
            let count = unsafe queue.gather(into: buffer)
            unsafe result.append(contentsOf: buffer.prefix(count))
            queue.consume(count)
        }
        return result
    }

    @Test(arguments: [1, 3, 7, 64])
    func `bytes come out in order whatever a write takes`(step: Int) {
        var queue = OutboundQueue()
        var expected: [UInt8] = []
        for length in 0..<200 {
            let frame = Frame((0..<length).map { UInt8(truncatingIfNeeded: $0 &* length) })
            let queued = queue.append(frame, limits: .unlimited)
            #expect(queued)
            expected += frame.bytes
        }
        #expect(queue.queuedBytes == expected.count)
        let drained = drain(&queue, step: step)
        #expect(drained == expected)
        #expect(queue.queuedBytes == 0)
    }

    @Test func `a frame above the limit passes alone`() {
        let limits = OutboundLimits(bytes: 10, frames: 2)
        var queue = OutboundQueue()
        let answers = [Array(repeating: 7, count: 20), [1]].map { queue.append(Frame($0), limits: limits) }
        #expect(answers == [true, false])
    }

    @Test func `both limits refuse and leave the queue as it was`() {
        let limits = OutboundLimits(bytes: 10, frames: 2)
        var queue = OutboundQueue()
        let answers = [[1, 2, 3], Array(repeating: 0, count: 8), [4], [5]].map {
            queue.append(Frame($0), limits: limits)
        }
        #expect(answers == [true, false, true, false])
        #expect(queue.queuedBytes == 4)
        let drained = drain(&queue, step: 2)
        #expect(drained == [1, 2, 3, 4])
    }
}
