import Domain
import IOCore
import Support
import Testing
import Worker

/// Which chats announcements tell of.
struct SearchHintsTests {
    @Test func `chats in which something was said are kept in mind once, as far as there is room`() async throws {
        try await onLoop { actor in
            let hints = SearchHints(loop: actor.loop)
            for kind in EventKind.allCases {
                let chat = ChatID(rawValue: Int64(kind.rawValue))
                hints.receive([Self.announcement(kind, chat), Self.announcement(kind, chat)])
            }
            #expect(Set(hints.take(3)).count == 3 && hints.take(100).count == 1 && hints.take(100).isEmpty)
            for number in 0..<SearchHints.limit + 5 { hints.add(ChatID(rawValue: Int64(number + 1))) }
            #expect(hints.take(.max).count == SearchHints.limit)
        }
    }

    @Test func `chats come in their order, and those that were found beside those that were announced`() async throws {
        try await onLoop { actor in
            let hints = SearchHints(loop: actor.loop)
            for number in 1...100 { hints.add(ChatID(rawValue: Int64(number))) }
            for number in 201...300 {
                hints.receive([Self.announcement(.messageCreated, ChatID(rawValue: Int64(number)))])
            }
            #expect(hints.take(8).map(\.rawValue) == [201, 202, 203, 204, 205, 206, 1, 2])
            hints.add(ChatID(rawValue: 1))
            #expect(hints.take(8).map(\.rawValue) == [207, 208, 209, 210, 211, 212, 3, 4])
            #expect(hints.take(.max).count == 185 && hints.take(.max).isEmpty)
            #expect(hints.hasRoom)
            for number in 0..<SearchHints.limit { hints.add(ChatID(rawValue: Int64(number + 1))) }
            #expect(!hints.hasRoom)
        }
    }

    @Test func `whoever waits hears of a hint at once`() async throws {
        try await onLoop { actor in
            let hints = SearchHints(loop: actor.loop)
            actor.loop.schedule(after: .milliseconds(1)) {
                hints.receive([Self.announcement(.messageCreated, ChatID(rawValue: 7))])
            }
            await hints.wait(atMost: .seconds(3600))
            #expect(hints.take(9) == [ChatID(rawValue: 7)])
        }
    }

    private static func announcement(_ kind: EventKind, _ chat: ChatID) -> Announcement {
        Announcement(chat: chat, offset: Offset(rawValue: 1), kind: kind, payload: [])
    }
}
