import Domain
import Testing

@testable import Storage

@Suite struct MissedAnnouncementsTests {
    @Test func `the newest of each chat is kept`() {
        var missed = MissedAnnouncements(limitBytes: 10_000)
        for (chat, offset) in [(1, 5), (2, 9), (1, 7), (1, 6)] {
            missed.insert(announcement(Int64(chat), Int64(offset)))
        }
        let taken = missed.takeAll()
        #expect(Set(taken.map(\.offset.rawValue)) == [7, 9])
        #expect(missed.isEmpty)
    }

    @Test func `what does not fit is left out, and fits again when the rest was taken`() {
        var missed = MissedAnnouncements(limitBytes: 2_000)
        missed.insert(announcement(1, 1, bytes: 1_000))
        missed.insert(announcement(2, 1, bytes: 1_000))
        missed.insert(announcement(1, 2, bytes: 1_700))
        #expect(missed.takeAll().map(\.offset.rawValue) == [2])
        missed.insert(announcement(2, 3, bytes: 1_700))
        #expect(missed.takeAll().map(\.offset.rawValue) == [3])
    }

    private func announcement(_ chat: Int64, _ offset: Int64, bytes: Int = 10) -> Announcement {
        Announcement(
            chat: ChatID(rawValue: chat),
            offset: Offset(rawValue: offset),
            kind: .messageCreated,
            payload: Array(repeating: 32, count: bytes)
        )
    }
}
