import Domain
import Support
import Testing

@testable import Gateway

@Suite struct ChatStreamTests {
    private func announcement(_ offset: Int64) -> Announcement {
        Announcement(
            chat: ChatID(rawValue: 1),
            offset: Offset(rawValue: offset),
            kind: .messageCreated,
            payload: []
        )
    }

    private func offsets(_ announcements: [Announcement]) -> [Int64] { announcements.map(\.offset.rawValue) }

    @Test func `nothing passes before the head is known, and nothing up to it afterwards`() {
        var stream = ChatStream()
        let before = stream.receive(announcement(6)) + stream.receive(announcement(5)) + stream.receive(announcement(7))
        #expect(before.isEmpty)
        #expect(!stream.hasHole)
        let due = stream.learn(head: Offset(rawValue: 5))
        #expect(offsets(due) == [6, 7])
        let again = stream.learn(head: Offset(rawValue: 1))
        #expect(again.isEmpty && stream.delivered == Offset(rawValue: 7))
    }

    @Test func `any order and any repetition comes out ascending, each once`() {
        for seed in 0..<200 {
            var generator = SplitMix64(seed: UInt64(seed))
            var arriving = (1...40).flatMap { [Int64($0), Int64($0)] }
            arriving.shuffle(using: &generator)
            var stream = ChatStream()
            _ = stream.learn(head: .zero)
            var passed: [Int64] = []
            for offset in arriving { passed += offsets(stream.receive(announcement(offset))) }
            #expect(passed == Array(1...40))
            #expect(!stream.hasHole)
        }
    }

    @Test func `a hole holds back what is behind it until it is filled`() {
        var stream = ChatStream()
        _ = stream.learn(head: .zero)
        let early = stream.receive(announcement(2)) + stream.receive(announcement(3))
        #expect(early.isEmpty && stream.hasHole)
        let due = stream.receive(announcement(1))
        #expect(offsets(due) == [1, 2, 3])
        #expect(!stream.hasHole)
    }

    @Test func `what is known to be committed is missing until it comes`() {
        var stream = ChatStream()
        stream.expect(through: Offset(rawValue: 3))
        #expect(!stream.hasHole, "without a head nobody knows what is missing")
        _ = stream.learn(head: Offset(rawValue: 1))
        #expect(stream.hasHole && stream.holeEnd == Offset(rawValue: 3))
        _ = stream.receive(announcement(3))
        #expect(stream.hasHole && stream.holeEnd == Offset(rawValue: 2))
        _ = stream.receive(announcement(2))
        #expect(!stream.hasHole && stream.holeEnd == nil)
    }

    @Test func `what waits behind a hole is bounded, and the missing event still passes`() {
        var stream = ChatStream()
        _ = stream.learn(head: .zero)
        for offset in 2...5_000 { _ = stream.receive(announcement(Int64(offset))) }
        let due = stream.receive(announcement(1))
        #expect(due.count == 1025)
    }

    @Test func `replay gives what was passed on since, or nothing at all when some of it is forgotten`() {
        var stream = ChatStream()
        _ = stream.learn(head: .zero)
        for offset in 1...400 {
            for due in stream.receive(announcement(Int64(offset))) { _ = stream.remember(OutboundEvent(due)) }
        }
        #expect(stream.replay(after: Offset(rawValue: 397))?.map(\.offset.rawValue) == [398, 399, 400])
        #expect(stream.replay(after: Offset(rawValue: 400))?.isEmpty == true)
        #expect(stream.replay(after: Offset(rawValue: 900))?.isEmpty == true)
        #expect(stream.replay(after: Offset(rawValue: 10)) == nil)
    }
}
