import Testing

@testable import DuologueClient

/// What is sent when.
struct SendQueueTests {
    private let now = ContinuousClock.now

    @Test
    func `of each chat one message is under way at a time, in order`() throws {
        var queue = SendQueue<String>(limit: 10)
        for text in ["a", "b", "c"] { try queue.append(text, to: 1) }
        try queue.append("x", to: 2)
        let first = queue.depart(at: now)
        #expect(first.map(\.message) == ["a", "x"])
        #expect(queue.depart(at: now).isEmpty)
        #expect(queue.settle(first[0].number) == "a")
        let second = queue.depart(at: now)
        #expect(second.map(\.message) == ["b"])
        #expect(queue.settle(second[0].number) == "b")
        #expect(queue.settle(second[0].number) == nil)
        #expect(queue.depart(at: now).map(\.message) == ["c"])
        #expect(queue.count == 2)
    }

    @Test
    func `what was not answered is sent again first, under another number`() throws {
        var queue = SendQueue<String>(limit: 10)
        for text in ["a", "b"] { try queue.append(text, to: 1) }
        let lost = queue.depart(at: now)
        queue.disconnect()
        #expect(queue.oldestDeparture == nil)
        try queue.append("c", to: 1)
        let again = queue.depart(at: now)
        #expect(again.map(\.message) == ["a"])
        #expect(queue.settle(lost[0].number) == nil)
        #expect(queue.settle(again[0].number) == "a")
        #expect(queue.depart(at: now).map(\.message) == ["b"])
    }

    @Test
    func `a postponed chat waits and others do not`() throws {
        var queue = SendQueue<String>(limit: 10)
        for text in ["a", "b"] { try queue.append(text, to: 1) }
        #expect(queue.postpone(queue.depart(at: now)[0].number) == 1)
        try queue.append("x", to: 2)
        #expect(queue.depart(at: now).map(\.message) == ["x"])
        queue.release(1)
        #expect(queue.depart(at: now).map(\.message) == ["a"])
        queue.release(1)
        #expect(queue.depart(at: now).isEmpty)
    }

    @Test
    func `a connection that ends ends the wait of a postponed chat`() throws {
        var queue = SendQueue<String>(limit: 10)
        try queue.append("a", to: 1)
        _ = queue.postpone(queue.depart(at: now)[0].number)
        queue.disconnect()
        #expect(queue.depart(at: now).map(\.message) == ["a"])
        queue.release(1)
        #expect(queue.depart(at: now).isEmpty)
    }

    @Test
    func `the limit counts everything not answered, and the window what is under way`() throws {
        var queue = SendQueue<String>(limit: 3, window: 2)
        for chat in 1...3 { try queue.append("m\(chat)", to: .init(rawValue: Int64(chat))) }
        let sent = queue.depart(at: now)
        #expect(sent.count == 2)
        #expect(throws: DuologueError.self) { try queue.append("more", to: 4) }
        _ = queue.settle(sent[0].number)
        try queue.append("more", to: 4)
        #expect(queue.depart(at: now).map(\.message) == ["m3"])
        #expect(queue.removeAll().count == 3)
        #expect(queue.count == 0)
    }
}
