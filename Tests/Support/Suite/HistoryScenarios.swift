internal import Domain
internal import Messaging
internal import Testing

extension StoreScenario {
    static let chatScenarios: [StoreScenario] = [
        StoreScenario("a chat is seen by its members alone") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            try await ports.finish(ports.say("1", chat, ada), ports.say("2", chat, bob))
            let seen = try #require(try await ports.directory.chat(chat, for: bob.id))
            #expect(seen.lastSequence.rawValue == 2 && seen.lastOffset.rawValue == 3)
            #expect(seen.participantCount == 2 && seen.createdBy == ada.id && seen.name == "room")
            #expect(seen.my == Membership(role: .member, readSequence: SequenceNumber(rawValue: 0), unread: 1))
            let hidden = try await ports.directory.chat(chat, for: eve.id)
            let members = try await ports.directory.participants(of: chat, for: eve.id, limit: 10, cursor: nil)
            let page = try await ports.history.snapshot(of: chat, for: eve.id, window: .newest, limit: 10)
            #expect(hidden == nil && members == nil && page == nil)
        },
        StoreScenario("lists go on where they stopped, by cursor and by count") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            var chats: [ChatID] = []
            for _ in 0..<4 { chats.append(try await ports.group(ada, bob)) }
            try await ports.finish(ports.say("later", chats[3], ada))
            let all = try await ports.directory.chats(of: ada.id, limit: 10, cursor: nil)
            #expect(Set(all.items.map(\.id)) == Set(chats) && all.next == nil)
            let first = try await ports.directory.chats(of: ada.id, limit: 3, cursor: nil)
            let rest = try await ports.directory.chats(of: ada.id, limit: 3, cursor: first.next)
            #expect((first.items + rest.items).map(\.id) == all.items.map(\.id))
            #expect(rest.next == nil)
            let skipped = try await ports.directory.chats(of: ada.id, limit: 2, skipping: 1)
            #expect(skipped.items.map(\.id) == all.items[1..<3].map(\.id))
            let count = try await ports.directory.chatCount(of: ada.id)
            #expect(count == 4)
            let one = try #require(
                try await ports.directory.participants(of: chats[0], for: bob.id, limit: 1, cursor: nil)
            )
            let two = try await ports.directory.participants(of: chats[0], for: bob.id, limit: 1, cursor: one.next)
            #expect(one.items.map(\.user) == [ada.id] && one.items[0].role == .owner)
            #expect(two?.items.map(\.username) == [bob.username] && two?.next == nil)
        },
        StoreScenario("a cursor nobody gave out is refused as the client's mistake") { ports in
            let ada = try await ports.someone()
            await #expect(throws: Failure.self) {
                _ = try await ports.directory.chats(of: ada.id, limit: 3, cursor: "nonsense")
            }
        },
        StoreScenario("announced heads stop before the first unfinished event") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            try await ports.finish(ports.say("1", chat, ada))
            let (batch, operation) = (BatchID.random(), ports.say("2", chat, ada))
            _ = try await ports.commit([operation], as: batch)
            try await ports.finish(ports.say("3", chat, ada))
            let during = try #require(try await ports.directory.heads(of: ada.id, only: nil).first { $0.chat == chat })
            #expect(during.lastOffset.rawValue == 2 && during.lastSequence.rawValue == 1)
            let eve = try await ports.someone()
            let (second, foreign) = (try await ports.group(ada), try await ports.group(eve))
            let one = try await ports.directory.heads(of: ada.id, only: chat)
            let two = try await ports.directory.heads(of: ada.id, only: second).map(\.chat)
            let none = try await ports.directory.heads(of: ada.id, only: foreign)
            #expect(one == [during] && two == [second] && none.isEmpty)
            let events = try await ports.history.announcedEvents(of: chat, after: .zero, limit: 10)
            #expect(events.map(\.offset.rawValue) == [1, 2])
            // Whoever reads, rather than waits to be told, sees all that is decided.
            let committed = try await ports.history.committedEvents(of: chat, after: .zero, limit: 10)
            #expect(committed.map(\.offset.rawValue) == [1, 2, 3, 4])
            try await ports.log.drop([batch])
            let after = try await ports.directory.announcedOffsets(of: [chat])
            #expect(after == [chat: Offset(rawValue: 4)])
        },
        StoreScenario("a membership is told once the event that began it is announced") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada)
            let addition = ParticipantAddition(user: bob.id, role: .member, memberLimit: 10)
            let batch = BatchID.random()
            _ = try await ports.commit([ports.operation(chat, ada, .addParticipant(addition))], as: batch)
            func chats(_ users: User...) async throws -> [MembershipStart] {
                try await ports.directory.announcedMemberships(of: users.map(\.id)).filter { $0.chat == chat }
                    .sorted { $0.offset < $1.offset }
            }
            let founder = MembershipStart(user: ada.id, chat: chat, offset: Offset(rawValue: 1))
            let added = MembershipStart(user: bob.id, chat: chat, offset: Offset(rawValue: 2))
            #expect(try await chats(ada, bob, eve) == [founder])
            try await ports.log.drop([batch])
            #expect(try await chats(ada, bob, eve) == [founder, added])
            #expect(try await chats(eve) == [])
        },
    ]

    static let historyScenarios: [StoreScenario] = [
        StoreScenario("what leads up to somebody's removal tells nothing that was said after it") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            try await ports.finish(ports.say("before", chat, ada))
            try await ports.finish(ports.react("+", chat, 1, ada))
            try await ports.finish(ports.operation(chat, ada, .removeParticipant(bob.id)))
            let edit = try #require(try await ports.finish(ports.edit(chat, 1, ada)).first)
            try await ports.finish(ports.react("-", chat, 1, ada))
            let now = try await ports.bodies.messages(
                of: chat,
                in: SequenceNumber(rawValue: 1)...SequenceNumber(rawValue: 1)
            )
            let said = try #require(now.first?.content)
            let reader = HistoryReader(history: ports.history, bodies: ports.bodies)
            func page(after offset: Int64) async throws -> [Announcement] {
                try await reader.announcements(of: chat, after: Offset(rawValue: offset), limit: 10)
            }
            func text(_ announcement: Announcement) -> String { String(decoding: announcement.payload, as: UTF8.self) }
            let his = try await page(after: 0)
            #expect(his.map(\.offset.rawValue) == [1, 2, 3, 4] && his.last?.removed == [bob.id])
            #expect(!his.contains { text($0).contains("\"\(said)\"") || text($0).contains("\"-\"") })
            #expect(text(his[1]).contains("\"+\""), "what was there before stays")
            let later = try await page(after: 4)
            #expect(later.first?.offset == edit.offset && later.count == 2)
            #expect(text(later[0]).contains("\"\(said)\""))
        },
        StoreScenario("a page of events tells nothing that was said after it") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            try await ports.finish(ports.say("before", chat, ada))
            try await ports.finish(ports.say("next", chat, ada))
            let edit = try #require(try await ports.finish(ports.edit(chat, 1, ada)).first)
            let reader = HistoryReader(history: ports.history, bodies: ports.bodies)
            func page(_ limit: Int) async throws -> [String] {
                try await reader.announcements(of: chat, after: Offset(rawValue: 1), limit: limit)
                    .map { String(decoding: $0.payload, as: UTF8.self) }
            }
            let short = try await page(2)
            #expect(short.count == 2 && short[0].contains("\"content\":null") && short[1].contains("next"))
            let whole = try await page(3)
            #expect(whole.count == 3 && !whole[0].contains("\"content\":null"))
            #expect(whole[2].contains("\"offset\":\(edit.offset)"))
        },
        StoreScenario("windows show the pages they name") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            for number in 1...7 { try await ports.finish(ports.say("\(number)", chat, ada)) }
            func page(_ window: HistoryWindow) async throws -> [Int64] {
                let page = try await ports.history.snapshot(of: chat, for: ada.id, window: window, limit: 3)
                return page?.rows.map(\.sequence.rawValue) ?? []
            }
            func number(_ value: Int64) -> SequenceNumber { SequenceNumber(rawValue: value) }
            let pages = [
                try await page(.newest), try await page(.before(number(5))), try await page(.before(number(2))),
                try await page(.before(number(1))), try await page(.before(number(100))),
                try await page(.after(number(0))), try await page(.after(number(6))), try await page(.after(number(7))),
                try await page(.around(number(4))), try await page(.around(number(1))),
                try await page(.around(number(7))), try await page(.firstUnread),
            ]
            #expect(
                pages == [
                    [5, 6, 7], [2, 3, 4], [1], [], [5, 6, 7], [1, 2, 3], [7], [], [3, 4, 5], [1, 2, 3], [5, 6, 7],
                    [5, 6, 7],
                ]
            )
        },
        StoreScenario("messages told by their numbers are those of a page, however far apart") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            func id(_ value: Int64) -> MessageID {
                MessageID(chat: chat, sequence: SequenceNumber(rawValue: value))
            }
            for number in 1...7 { try await ports.finish(ports.say("\(number)", chat, ada)) }
            let reader = HistoryReader(history: ports.history, bodies: ports.bodies)
            let image = try await reader.image(of: id(4), for: ada.id)
            try await ports.finish(ports.react("👍", chat, 3, bob), ports.reply(1, chat, bob))
            try await ports.finish(ports.operation(chat, ada, .deleteMessage(image)))
            for hidden in [2, 5] as [Int64] {
                #expect(try await ports.personal.hide(id(hidden), true, for: bob.id) == .done)
            }
            // Committed, and in no document yet.
            let old = try await reader.image(of: id(7), for: ada.id)
            _ = try await ports.commit([
                ports.say("9", chat, ada), ports.react("🎈", chat, 6, bob), ports.react("🎈", chat, 3, bob),
                ports.operation(chat, ada, .editMessage(MessageEdit(content: "new"), of: old)),
            ])
            let shown = try await reader.page(of: chat, for: bob.id, window: .newest, limit: 20)
            let all = try await reader.page(
                of: chat,
                for: bob.id,
                window: .newest,
                limit: 20,
                includingHidden: true
            )
            #expect(all.messages.count == 9 && shown.messages.count == 7)
            let asked: [[Int64]] = [
                [1, 3, 5, 7, 9], [2, 4, 6, 8], Array(1...9), [2], [5, 7], [3], [6, 10, 99], [10], [2, 5],
            ]
            for numbers in asked.map({ $0.map(SequenceNumber.init(rawValue:)) }) {
                let both = try await reader.messages(
                    of: chat,
                    for: bob.id,
                    sequences: numbers,
                    includingHidden: true
                )
                #expect(both == all.messages.filter { numbers.contains($0.id.sequence) })
                let some = try await reader.messages(of: chat, for: bob.id, sequences: numbers)
                #expect(some == shown.messages.filter { numbers.contains($0.id.sequence) })
                var expected = all.snapshot
                expected.rows.removeAll { !numbers.contains($0.sequence) }
                expected.redo.removeAll { committed in
                    (committed.allocation.sequence ?? committed.operation.target).map { !numbers.contains($0) } ?? true
                }
                expected.hidden.formIntersection(numbers)
                expected.isFiltered = !expected.hidden.isEmpty
                let snapshot = try await ports.history.snapshot(of: chat, at: numbers, for: bob.id)
                #expect(snapshot == expected)
                #expect(try await ports.history.snapshot(of: chat, at: numbers, for: eve.id) == nil)
                let code = await failure {
                    _ = try await reader.messages(of: chat, for: eve.id, sequences: numbers)
                }
                #expect(code == .chatNotFound)
            }
        },
        StoreScenario("events tell what they were") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            try await ports.finish(
                ports.say("1", chat, ada),
                ports.operation(chat, bob, .removeParticipant(bob.id))
            )
            let reader = HistoryReader(history: ports.history, bodies: ports.bodies)
            let events = try await reader.announcements(of: chat, after: .zero, limit: 10)
            #expect(events.map(\.kind) == [.chatCreated, .messageCreated, .participantRemoved])
            #expect(events.map(\.offset.rawValue) == [1, 2, 3])
            #expect(Set(events[0].added) == [ada.id, bob.id])
            #expect(events[2].removed == [bob.id])
            let rest = try await ports.history.announcedEvents(of: chat, after: Offset(rawValue: 1), limit: 1)
            #expect(rest.map(\.offset.rawValue) == [2])
        },
        StoreScenario("a body never goes back, and a replay does no harm") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            let operation = ports.say("now", chat, ada)
            let allocation = try await ports.finish(operation)[0]
            let images = PostImages.documents(of: CommittedOperation(operation: operation, allocation: allocation))
            guard case .message(let image)? = images.first else { throw StepFailed(step: "image") }
            try await ports.bodies.apply(images)
            var older = image
            older.revision = Offset(rawValue: 1)
            older.content = "before"
            try await ports.bodies.apply([.message(older)])
            let sequence = image.id.sequence
            let kept = try await ports.bodies.messages(of: chat, in: sequence...sequence)
            #expect(kept == [image])
            var newer = image
            newer.revision = image.revision.next
            newer.content = "after"
            newer.operation = .random()
            try await ports.bodies.apply([.message(newer)])
            let changed = try await ports.bodies.messages(of: chat, in: sequence...sequence)
            #expect(changed == [newer])
        },
    ]
}
