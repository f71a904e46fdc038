import Support
import Testing

@testable import DuologueClient

/// Which events are handed over, and which wait.
struct CursorTableTests {
    @Test
    func `events in turn are handed over, known ones are not, and others wait`() {
        var table = Self.table(applied: 5)
        #expect(table.receive(event(6)) == .apply([event(6)]))
        #expect(table.receive(event(6)) == .known)
        #expect(table.receive(event(3)) == .known)
        #expect(table.receive(event(9)) == .hole)
        #expect(table.receive(event(9)) == .hole)
        #expect(table.receive(event(8)) == .hole)
        #expect(table.isBehind(1))
        #expect(table.receive(event(7)) == .apply([event(7), event(8), event(9)]))
        #expect(!table.isBehind(1))
        #expect(table.applied(1) == 9)
    }

    @Test
    func `the first event of an unknown chat begins it`() {
        var table = CursorTable(nil)
        #expect(table.receive(event(17)) == .apply([event(17)]))
        #expect(table.receive(event(18)) == .apply([event(18)]))
    }

    @Test
    func `no more events wait than may`() {
        var table = Self.table(applied: 0, heldLimit: 2)
        #expect(table.receive(event(3)) == .hole)
        #expect(table.receive(event(4)) == .hole)
        #expect(table.receive(event(5)) == .overflow)
        #expect(table.receive(event(1)) == .apply([event(1)]))
        #expect(table.receive(event(2)) == .apply([event(2), event(3), event(4)]))
        #expect(table.receive(event(6)) == .hole)
        #expect(table.receive(event(7)) == .hole)
    }

    @Test
    func `a head beyond what was handed over shows a lost tail`() {
        var table = Self.table(applied: 5)
        #expect(table.note(head: 5, of: 1) == false)
        #expect(table.note(head: 4, of: 1) == false)
        #expect(table.note(head: 7, of: 1) == true)
        #expect(table.isBehind(1))
        #expect(table.note(head: 1, of: 2) == true)
    }

    @Test
    func `a reset goes on from its offset, also backwards, with what waited for that`() {
        var table = Self.table(applied: 5)
        _ = table.receive(event(9))
        _ = table.receive(event(11))
        #expect(table.reset(1, to: 8) == [event(9)])
        #expect(table.applied(1) == 9)
        #expect(table.isBehind(1))
        #expect(table.reset(1, to: 2) == [])
        #expect(table.receive(event(3)) == .apply([event(3)]))
    }

    @Test
    func `what waited is forgotten with its connection, and the cursors are not`() {
        var table = Self.table(applied: 5)
        _ = table.receive(event(7))
        table.disconnect()
        #expect(!table.isBehind(1))
        #expect(table.position == .init(epoch: "e", offsets: [1: 5]))
        #expect(table.receive(event(6)) == .apply([event(6)]))
        #expect(table.receive(event(7)) == .apply([event(7)]))
    }

    @Test
    func `a forgotten chat begins anew`() {
        var table = Self.table(applied: 5)
        table.forget(1)
        #expect(table.position?.offsets == [:])
        #expect(table.receive(event(40)) == .apply([event(40)]))
    }

    @Test(arguments: 1...20)
    func `whatever the order, everything is handed over once and in turn`(seed: Int) {
        var generator = SplitMix64(seed: UInt64(seed))
        var table = Self.table(applied: 0)
        let arrivals = (Array(1...200) + Array(1...200)).shuffled(using: &generator)
        var offsets: [Int64] = []
        for offset in arrivals {
            if case .apply(let events) = table.receive(event(Int64(offset))) { offsets += events.map { $0.offset } }
        }
        #expect(offsets == Array(1...200))
    }

    private static func table(applied: Int64, heldLimit: Int = 1_000) -> CursorTable {
        CursorTable(.init(epoch: "e", offsets: [1: applied]), heldLimit: heldLimit)
    }

    private func event(_ offset: Int64) -> ChatEvent { ChatEvent(chat: 1, offset: offset, kind: .other(type: "test")) }
}
