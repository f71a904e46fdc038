internal import Domain
internal import Testing

extension StoreScenario {
    /// What may happen to a message.
    static let changeScenarios: [StoreScenario] = [
        StoreScenario("an edit needs its author, a message that is there, and its latest body") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            try await ports.done(ports.say("1", chat, bob))
            let foreign = try await ports.one(ports.edit(chat, 1, ada))
            let missing = try await ports.one(ports.edit(chat, 2, bob))
            let stale = try await ports.one(ports.edit(chat, 1, bob, revision: 1))
            #expect(foreign.refusal == .forbidden && missing.refusal == .messageNotFound && stale == .moved)
            let allocation = try await ports.done(ports.edit(chat, 1, bob))
            #expect(allocation.offset.rawValue == 3 && allocation.sequence == nil && allocation.thread == nil)
            #expect(allocation.facts == .message(replyCount: 0, lastReply: nil, reactions: []))
            let row = try await ports.metadata(chat, 1)
            #expect(row.revision == allocation.offset && row.createdOffset.rawValue == 2)
            let again = try await ports.one(ports.edit(chat, 1, bob, revision: 2))
            #expect(again == .moved)
        },
        StoreScenario("a retry is the first answer, whatever its author has become or the message is by now") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            try await ports.done(ports.say("1", chat, bob))
            let edit = try await ports.edit(chat, 1, bob)
            let place = try await ports.done(edit)
            try await ports.done(ports.delete(chat, 1, ada))
            try await ports.done(ports.operation(chat, ada, .removeParticipant(bob.id)))
            let again = try await ports.one(edit)
            #expect(again == .duplicate(place, pending: nil))
            var other = edit
            other.hash[0] ^= 1
            let mistaken = try await ports.one(other)
            #expect(mistaken.refusal == .idempotencyMismatch)
        },
        StoreScenario("authors and those who run the group delete and restore") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob, eve)
            try await ports.done(ports.say("1", chat, bob))
            let foreign = try await ports.one(ports.delete(chat, 1, eve))
            let early = try await ports.one(ports.restore(chat, 1, bob))
            #expect(foreign.refusal == .forbidden && early == .unchanged(Offset(rawValue: 2), pending: nil))
            let deleted = try await ports.done(ports.delete(chat, 1, ada))
            #expect(deleted.facts == nil)
            let refused = [
                try await ports.one(ports.edit(chat, 1, bob)), try await ports.one(ports.react("+", chat, 1, bob)),
                try await ports.one(ports.pin(chat, 1, bob)),
            ]
            #expect(refused.map(\.refusal) == [.messageNotFound, .messageNotFound, .messageNotFound])
            let again = try await ports.one(ports.delete(chat, 1, bob))
            #expect(again == .unchanged(deleted.offset, pending: nil))
            let stranger = try await ports.one(ports.restore(chat, 1, eve))
            let stale = try await ports.one(ports.restore(chat, 1, bob, revision: 2))
            #expect(stranger.refusal == .forbidden && stale == .moved)
            let restored = try await ports.done(ports.restore(chat, 1, bob))
            let row = try await ports.metadata(chat, 1)
            #expect(row.revision == restored.offset && !row.isDeleted)
        },
        StoreScenario("what is unchanged waits for the event that made it so") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            try await ports.done(ports.say("1", chat, ada))
            let batch = BatchID.random()
            let operations = [ports.react("+", chat, 1, ada), ports.pin(chat, 1, ada)]
            let first = try await ports.commit(operations, as: batch)
            let again = try await ports.commit([ports.react("+", chat, 1, ada), ports.pin(chat, 1, ada)])
            let offsets = first.compactMap(\.allocation?.offset)
            #expect(again == offsets.map { .unchanged($0, pending: batch) })
            try await ports.log.drop([batch])
            let later = try await ports.one(ports.react("+", chat, 1, ada))
            #expect(later == .unchanged(offsets.first, pending: nil))
            let never = try await ports.one(ports.react("-", chat, 1, ada, isOn: false))
            #expect(never == .unchanged(nil, pending: nil))
        },
        StoreScenario("reactions of two people at once both count, in the order they came") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            try await ports.done(ports.say("1", chat, ada))
            _ = try await ports.commit([
                ports.react("+", chat, 1, bob), ports.react("❤️", chat, 1, ada), ports.react("+", chat, 1, ada),
            ])
            try await ports.done(ports.react("❤️", chat, 1, ada, isOn: false))
            let edited = try await ports.done(ports.edit(chat, 1, ada))
            let plus = ReactionSummary(emoji: "+", count: 2, users: [bob.id, ada.id])
            #expect(edited.facts == .message(replyCount: 0, lastReply: nil, reactions: [plus]))
            try await ports.done(ports.react("+", chat, 1, bob, isOn: false))
            try await ports.done(ports.react("❤️", chat, 1, bob))
            try await ports.done(ports.react("+", chat, 1, bob))
            let later = try await ports.done(ports.edit(chat, 1, ada))
            let order = [
                ReactionSummary(emoji: "+", count: 2, users: [ada.id, bob.id]),
                ReactionSummary(emoji: "❤️", count: 1, users: [bob.id]),
            ]
            #expect(later.facts == .message(replyCount: 0, lastReply: nil, reactions: order))
        },
        StoreScenario("a thread counts the replies that are there, whatever goes and comes back") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            try await ports.done(ports.say("root", chat, ada))
            let replies = try await ports.commit([ports.reply(1, chat, ada), ports.reply(1, chat, ada)])
                .compactMap(\.allocation)
            func state(_ count: Int, _ last: Allocation?) -> ThreadState {
                ThreadState(
                    root: SequenceNumber(rawValue: 1),
                    replyCount: count,
                    lastReply: last?.sequence,
                    lastReplyAt: last?.at
                )
            }
            #expect(replies.map(\.thread) == [state(1, replies[0]), state(2, replies[1])])
            let newest = try await ports.done(ports.delete(chat, 3, ada))
            let all = try await ports.done(ports.delete(chat, 2, ada))
            let first = try await ports.done(ports.restore(chat, 2, ada))
            let edited = try await ports.done(ports.edit(chat, 2, ada))
            let both = try await ports.done(ports.restore(chat, 3, ada))
            #expect(newest.thread == state(1, replies[0]) && all.thread == state(0, nil))
            #expect(first.thread == state(1, replies[0]) && edited.thread == nil)
            #expect(both.thread == state(2, replies[1]))
            let mixed = try await ports.commit([ports.react("+", chat, 1, ada), ports.reply(1, chat, ada)])
            let third = try #require(mixed[1].allocation)
            #expect(third.thread == state(3, third))
            let row = try await ports.metadata(chat, 1)
            #expect(row.replyCount == 3 && row.lastReply == third.sequence)
            let rooted = try await ports.done(ports.edit(chat, 1, ada))
            let plus = ReactionSummary(emoji: "+", count: 1, users: [ada.id])
            #expect(rooted.facts == .message(replyCount: 3, lastReply: third.sequence, reactions: [plus]))
        },
        StoreScenario("a chat has at most a hundred pins, and none of a deleted message") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            _ = try await ports.commit((1...101).map { ports.say("\($0)", chat, ada) })
            let pinned = try await ports.commit((1...101).map { ports.pin(chat, $0, ada) })
            #expect(pinned.prefix(100).allSatisfy { $0.allocation != nil })
            #expect(pinned.last?.refusal == .limitExceeded)
            try await ports.done(ports.delete(chat, 7, ada))
            try await ports.done(ports.pin(chat, 101, ada))
            try await ports.done(ports.restore(chat, 7, ada))
            let gone = try await ports.one(ports.pin(chat, 7, ada, isOn: false))
            #expect(gone == .unchanged(nil, pending: nil))
            try await ports.done(ports.pin(chat, 8, ada, isOn: false))
            try await ports.done(ports.pin(chat, 7, ada))
        },
        StoreScenario("a message has at most a hundred different emojis, of which anybody may put on more") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            try await ports.done(ports.say("1", chat, ada))
            let on = try await ports.commit((1...101).map { ports.react("e\($0)", chat, 1, ada) })
            #expect(on.prefix(100).allSatisfy { $0.allocation != nil } && on.last?.refusal == .limitExceeded)
            try await ports.done(ports.react("e7", chat, 1, bob))
            let new = try await ports.one(ports.react("new", chat, 1, bob))
            // It is on by the other still, so that its place is not free.
            try await ports.done(ports.react("e7", chat, 1, ada, isOn: false))
            let still = try await ports.one(ports.react("new", chat, 1, bob))
            #expect(new.refusal == .limitExceeded && still.refusal == .limitExceeded)
            guard case .message(_, _, let told)? = try await ports.done(ports.edit(chat, 1, ada)).facts else {
                Issue.record("an edit tells nothing")
                return
            }
            #expect(told.count == ReactionGroup.emojiLimit && told.last?.emoji == "e7")
            try await ports.done(ports.react("e7", chat, 1, bob, isOn: false))
            try await ports.done(ports.react("new", chat, 1, bob))
            let back = try await ports.one(ports.react("e7", chat, 1, bob))
            #expect(back.refusal == .limitExceeded)
        },
        StoreScenario("events tell their message, and what cannot be read from a body") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            try await ports.done(ports.say("1", chat, ada))
            try await ports.done(ports.react("👍🏽", chat, 1, ada))
            try await ports.done(ports.pin(chat, 1, ada))
            try await ports.done(ports.edit(chat, 1, ada))
            try await ports.done(ports.delete(chat, 1, ada))
            let events = try await ports.history.announcedEvents(of: chat, after: Offset(rawValue: 1), limit: 10)
            let kinds: [EventKind] = [.messageCreated, .reactionAdded, .pinAdded, .messageUpdated, .messageDeleted]
            let one = SequenceNumber(rawValue: 1)
            #expect(events.map(\.kind) == kinds && events.allSatisfy { $0.sequence == one })
            #expect(events[1].body == .react(one, emoji: "👍🏽", isOn: true))
            #expect(events[2].body == .pin(one, isOn: true))
            #expect(events[3].body == nil && events[4].body == nil)
            let plus = ReactionSummary(emoji: "👍🏽", count: 1, users: [ada.id])
            #expect(events[3].facts == .message(replyCount: 0, lastReply: nil, reactions: [plus]))
        },
    ]
}
