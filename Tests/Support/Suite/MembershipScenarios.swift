internal import Domain
internal import Messaging
internal import Testing

extension StoreScenario {
    /// What is promised of a member's own side of chats.
    static let membershipScenarios: [StoreScenario] = [
        StoreScenario("a member's settings are theirs, change one by one, and are told as changed when they are") {
            ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            let time = Timestamp(milliseconds: 1_900_000_000_123)
            let steps: [(MembershipChange, Bool, (inout Membership) -> Void)] = [
                (MembershipChange(), false, { _ in }),
                (MembershipChange(mute: .until(time)), true, { $0.mutedUntil = time }),
                (MembershipChange(isArchived: true), true, { $0.isArchived = true }),
                (MembershipChange(isArchived: true), false, { _ in }),
                (
                    MembershipChange(isPinned: true, isMarkedUnread: true), true,
                    {
                        $0.isPinned = true
                        $0.isMarkedUnread = true
                    }
                ),
                (MembershipChange(mute: .off, isPinned: true), true, { $0.mutedUntil = nil }),
                (
                    MembershipChange(isArchived: false, isPinned: false, isMarkedUnread: false), true,
                    {
                        $0.isArchived = false
                        $0.isPinned = false
                        $0.isMarkedUnread = false
                    }
                ),
            ]
            var expected = Membership(role: .member, readSequence: SequenceNumber(rawValue: 0), unread: 0)
            for (index, step) in steps.enumerated() {
                step.2(&expected)
                let state = try await ports.memberships.change(step.0, of: chat, for: bob.id)
                #expect(state == MembershipState(membership: expected, hasChanged: step.1), "step \(index)")
                let seen = try await ports.directory.chat(chat, for: bob.id)?.my
                #expect(seen == expected)
            }
            let other = try await ports.directory.chat(chat, for: ada.id)?.my
            #expect(other == Membership(role: .owner, readSequence: SequenceNumber(rawValue: 0), unread: 0))
            let stranger = try await ports.memberships.change(MembershipChange(isPinned: true), of: chat, for: eve.id)
            #expect(stranger == nil)
        },
        StoreScenario("a chat marked unread waits until it is read, however far it was read before") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            try await ports.finish(ports.say("1", chat, ada))
            let mark = ReadMark(chat: chat, user: bob.id, sequence: SequenceNumber(rawValue: 1))
            _ = try await ports.reads.advance([mark])
            _ = try await ports.memberships.change(MembershipChange(isMarkedUnread: true), of: chat, for: bob.id)
            let waiting = try await ports.reads.unread(of: bob.id, limit: 10, cursor: nil)
            #expect(waiting.total == 0 && waiting.mentions == 0)
            #expect(
                waiting.chats.items == [UnreadChat(chat: chat, unread: 0, mentions: 0, isMarkedUnread: true)]
            )
            let beyond = ReadMark(chat: chat, user: bob.id, sequence: SequenceNumber(rawValue: 9))
            let refused = try await ports.reads.advance([beyond])
            #expect(refused.map { $0?.hasCleared } == [false])
            let read = try await ports.reads.advance([mark, mark])
            #expect(read.map { $0?.hasCleared } == [true, true] && read.map { $0?.hasMoved } == [false, false])
            let again = try await ports.reads.advance([mark])
            #expect(again.map { $0?.hasCleared } == [false])
            let nothing = try await ports.reads.unread(of: bob.id, limit: 10, cursor: nil)
            #expect(nothing.chats.items.isEmpty && nothing.chats.next == nil)
        },
        StoreScenario("what waits is summed over all chats and listed page by page") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            var chats: [ChatID] = []
            for number in 0..<5 {
                let chat = try await ports.group(ada, bob)
                chats.append(chat)
                for _ in 0..<number { try await ports.done(ports.say("x", chat, ada)) }
            }
            let call = MessageDraft(content: "bob!", mentions: [.user(bob.id)])
            try await ports.done(ports.operation(chats[3], ada, .createMessage(call)))
            var cursor: String?
            var items: [UnreadChat] = []
            repeat {
                let page = try await ports.reads.unread(of: bob.id, limit: 2, cursor: cursor)
                #expect(page.total == 11 && page.mentions == 1 && page.chats.items.count <= 2)
                items += page.chats.items
                cursor = page.chats.next
            } while cursor != nil
            let expected = [(1, 1, 0), (2, 2, 0), (3, 4, 1), (4, 4, 0)].map {
                UnreadChat(chat: chats[$0.0], unread: $0.1, mentions: $0.2, isMarkedUnread: false)
            }
            #expect(items == expected)
            let code = await failure { _ = try await ports.reads.unread(of: bob.id, limit: 2, cursor: "x") }
            #expect(code == .invalidValue)
            let stranger = try await ports.reads.unread(of: ports.someone().id, limit: 2, cursor: nil)
            #expect(stranger.total == 0 && stranger.chats.items.isEmpty)
        },
        StoreScenario("a message tells who has read it: others, who were there when it was said") { ports in
            let people = [
                try await ports.someone(), try await ports.someone(), try await ports.someone(),
                try await ports.someone(),
            ]
            let (late, eve) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(people[0], people[1], people[2], people[3])
            try await ports.finish(ports.say("1", chat, people[0]), ports.say("2", chat, people[0]))
            try await ports.done(ports.add(late, chat, people[0]))
            let marks = zip(people, [2, 2, 1, 0]).map {
                ReadMark(chat: chat, user: $0.id, sequence: SequenceNumber(rawValue: $1))
            }
            _ = try await ports.reads.advance(marks)
            func readers(_ number: Int64, _ limit: Int = 10, _ cursor: String? = nil) async throws -> Page<ReadMark>? {
                let id = MessageID(chat: chat, sequence: SequenceNumber(rawValue: number))
                return try await ports.reads.readers(of: id, for: people[3].id, limit: limit, cursor: cursor)
            }
            let (first, second) = (try await readers(1), try await readers(2))
            #expect(first?.items == [marks[1], marks[2]] && second?.items == [marks[1]])
            let page = try await readers(1, 1)
            let next = try await readers(1, 1, page?.next)
            #expect(page?.items == [marks[1]] && next?.items == [marks[2]] && next?.next == nil)
            let missing = await failure { _ = try await readers(3) }
            #expect(missing == .messageNotFound)
            let id = MessageID(chat: chat, sequence: SequenceNumber(rawValue: 1))
            let stranger = try await ports.reads.readers(of: id, for: eve.id, limit: 10, cursor: nil)
            #expect(stranger?.items == nil)
        },
        StoreScenario("the last message of a chat is the newest neither deleted nor hidden, finished or not") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let (chat, empty) = (try await ports.group(ada, bob), try await ports.group(ada, bob))
            let foreign = try await ports.group(eve)
            try await ports.finish(ports.say("foreign", foreign, eve))
            let reader = HistoryReader(history: ports.history, bodies: ports.bodies)
            let hers = try await ports.directory.chats(of: eve.id, limit: 10, cursor: nil)
            func last() async throws -> [ChatID: Message] {
                let page = try await ports.directory.chats(of: bob.id, limit: 10, cursor: nil)
                let read = try await reader.withLastMessages(page.items + hers.items, for: bob.id)
                #expect(read.unsettled.isEmpty && read.chats.map(\.chat.id).sorted() == [chat, empty, foreign])
                let last = read.chats.compactMap { shown in shown.chat.lastMessage.map { (shown.chat.id, $0) } }
                return Dictionary(uniqueKeysWithValues: last)
            }
            try await ports.finish(ports.say("1", chat, ada), ports.say("2", chat, ada), ports.say("3", chat, bob))
            let reaction = ports.operation(
                chat,
                bob,
                .react(SequenceNumber(rawValue: 2), emoji: "👍", isOn: true)
            )
            try await ports.finish(reaction)
            let newest = try await last()
            #expect(newest.mapValues(\.content) == [chat: "3"])
            let third = try await reader.image(
                of: MessageID(chat: chat, sequence: SequenceNumber(rawValue: 3)),
                for: bob.id
            )
            try await ports.finish(ports.operation(chat, bob, .deleteMessage(third)))
            let older = try await last()
            #expect(older.mapValues(\.content) == [chat: "2"])
            #expect(older[chat]?.reactions == [ReactionSummary(emoji: "👍", count: 1, users: [bob.id])])
            let second = MessageID(chat: chat, sequence: SequenceNumber(rawValue: 2))
            for (isHidden, content) in [(true, "1"), (false, "2")] {
                _ = try await ports.personal.hide(second, isHidden, for: bob.id)
                let shown = try await last()
                #expect(shown.mapValues(\.content) == [chat: content])
            }
            // Committed, and in no document yet.
            let unfinished = BatchID.random()
            _ = try await ports.commit([ports.say("4", chat, ada), ports.react("🎈", chat, 4, bob)], as: unfinished)
            let fresh = try await last()
            #expect(fresh.mapValues(\.content) == [chat: "4"] && fresh[chat]?.reactions.map(\.emoji) == ["🎈"])
        },
        StoreScenario("a last message that one store lacks is left out of a list, which tells that it is") {
            ports in
            let ada = try await ports.someone()
            let (whole, torn) = (try await ports.group(ada), try await ports.group(ada))
            _ = try await ports.group(ada)
            try await ports.finish(ports.say("1", whole, ada))
            // Its redo row is gone, and no document was written.
            try await ports.done(ports.say("1", torn, ada))
            let reader = HistoryReader(history: ports.history, bodies: ports.bodies)
            let page = try await ports.directory.chats(of: ada.id, limit: 10, cursor: nil)
            let listed = try await reader.withLastMessages(page.items, for: ada.id)
            #expect(listed.unsettled == [torn] && listed.chats.count == 3)
            for shown in listed.chats {
                #expect(shown.chat.lastMessage?.content == (shown.chat.id == whole ? "1" : nil))
            }
        },
    ]
}
