internal import Domain
internal import Messaging
internal import Testing

extension StoreScenario {
    /// What finishes, or cannot finish, what is committed.
    static let redoScenarios: [StoreScenario] = [
        StoreScenario("the second run of a batch answers all that the first one did") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            let quiet = try await ports.group(ada)
            try await ports.done(ports.say("root", chat, ada))
            try await ports.done(ports.say("root", quiet, ada))
            let operations = [
                ports.reply(1, quiet, ada), ports.reply(1, chat, ada), ports.react("+", chat, 1, ada),
                try await ports.edit(chat, 1, ada), ports.add(eve, chat, ada),
                ports.role(.admin, of: bob, chat, by: ada),
                ports.operation(chat, ada, .changeChat(ChatChange(name: .set("den")))), ports.reply(1, chat, eve),
                ports.operation(chat, ada, .removeParticipant(eve.id)), ports.pin(chat, 1, ada),
                try await ports.delete(chat, 2, ada, revision: 3),
            ]
            let batch = BatchID.random()
            let first = try await ports.commit(operations, as: batch)
            let second = try await ports.commit(operations, as: batch)
            let allocations = first.compactMap(\.allocation)
            #expect(allocations.count == operations.count, "\(first)")
            #expect(second == allocations.map { .duplicate($0, pending: batch) })
            let twice = try await ports.commit([operations[0], operations[0]] + operations, as: batch)
            #expect(twice.dropFirst(2) == second[...])
        },
        StoreScenario("a second run decides nothing new where the first one did commit") { ports in
            let ada = try await ports.someone()
            let chats = [try await ports.group(ada), try await ports.group(ada)]
            let (batch, next) = (BatchID.random(), BatchID.random())
            let done = ports.say("done", chats[0], ada)
            let left = [
                ports.say("left", chats[0], ada), ports.say("left", chats[1], ada), ports.pin(chats[0], 1, ada),
            ]
            _ = try await ports.commit([done], as: batch)
            // A recovery finishes it, and is about to drop its row once more.
            try await ports.log.drop([batch])
            let again = try await ports.log.commit(batch, [done] + left, dropping: [], wait: true, again: true)
            #expect(again[0].isFinishedDuplicate && Array(again.dropFirst()) == [.busy, .busy, .busy])
            let decided = try await ports.commit(left, as: next)
            #expect(decided.allSatisfy { $0.allocation != nil }, "\(decided)")
            try await ports.log.drop([batch])
            let covered = try await ports.commit(left)
            #expect(covered == decided.compactMap(\.allocation).map { .duplicate($0, pending: next) })
        },
        StoreScenario("a second run decides everything where the first one did not commit") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            let batch = BatchID.random()
            let operations = [ports.say("1", chat, ada), ports.pin(chat, 1, ada)]
            let results = try await ports.log.commit(batch, operations, dropping: [], wait: true, again: true)
            #expect(results.allSatisfy { $0.allocation != nil }, "\(results)")
        },
        StoreScenario("an operation twice in a batch is one, and tells the same") { ports in
            let ada = try await ports.someone()
            let chats = [try await ports.group(ada), try await ports.group(ada)]
            for chat in chats { try await ports.done(ports.say("root", chat, ada)) }
            let (reply, other) = (ports.reply(1, chats[0], ada), ports.reply(1, chats[1], ada))
            let batch = BatchID.random()
            let edit = try await ports.edit(chats[0], 1, ada)
            let results = try await ports.commit([reply, other, edit, reply, other, edit], as: batch)
            let allocations = results.prefix(3).compactMap(\.allocation)
            #expect(allocations.count == 3)
            #expect(Array(results.dropFirst(3)) == allocations.map { .duplicate($0, pending: batch) })
        },
        StoreScenario("a redo row gives back every kind of operation with all it was told") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada)
            try await ports.done(ports.say("root", chat, ada))
            let operations = [
                ports.reply(1, chat, ada), ports.react("+", chat, 1, ada), try await ports.edit(chat, 1, ada),
                ports.pin(chat, 1, ada), try await ports.delete(chat, 2, ada, revision: 3), ports.add(bob, chat, ada),
            ]
            let results = try await ports.commit(operations)
            let expected = zip(operations, results).compactMap { operation, result in
                result.allocation.map { CommittedOperation(operation: operation, allocation: $0) }
            }
            #expect(expected.count == operations.count)
            let snapshot = try await ports.history.snapshot(of: chat, for: ada.id, window: .newest, limit: 10)
            let redo = try #require(snapshot?.redo)
            let onMessages = expected.filter { $0.operation.kind != .participantAdded }
            #expect(redo.map(\.allocation) == onMessages.map(\.allocation))
            #expect(redo.map(PostImages.documents(of:)) == onMessages.map(PostImages.documents(of:)))
            #expect(redo.map(PostImages.announcement(of:)) == onMessages.map(PostImages.announcement(of:)))
            let second = SequenceNumber(rawValue: 2)
            let page = try await ports.history.snapshot(of: chat, for: ada.id, window: .after(second), limit: 10)
            #expect(page?.redo.isEmpty == true, "they touch no message of that page")
        },
        StoreScenario("what is noticed as unfinished too early is left to its node") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            let batch = BatchID.random()
            _ = try await ports.commit([ports.say("1", chat, ada)], as: batch)
            let early = try await ports.log.takeCovering(chat, through: Offset(rawValue: 2))
            #expect(early.isEmpty)
        },
        StoreScenario("a chat that MongoDB refuses is set aside, and the others go on") { ports in
            let ada = try await ports.someone()
            let (bad, good) = (try await ports.group(ada), try await ports.group(ada))
            let batch = BatchID.random()
            let sent = [ports.say("1", bad, ada), ports.say("2", good, ada), ports.react("+", bad, 1, ada)]
            _ = try await ports.commit(sent, as: batch)
            for _ in 0..<2 { try await ports.log.quarantine([bad], of: batch, reason: "too large") }
            let depth = try await ports.log.depth()
            #expect(depth.quarantinedChats == 1 && depth.rows == 1)
            let stranger = try await ports.someone()
            let results = try await ports.commit([
                ports.say("3", bad, ada), ports.say("4", good, ada), sent[0], ports.react("-", bad, 1, ada),
                ports.say("5", bad, stranger),
            ])
            #expect(results[0].refusal == .storeUnavailable && results[3].refusal == .storeUnavailable)
            #expect(results[1].allocation != nil && results[4].refusal == .chatNotFound)
            let messages = try await ports.commit([ports.say("7", bad, ada), ports.say("8", good, ada)])
            #expect(messages[0].refusal == .storeUnavailable && messages[1].allocation != nil)
            guard case .setAside(let aside) = results[2] else {
                Issue.record("\(results[2])")
                return
            }
            #expect(aside != batch)
            try await ports.log.drop([batch])
            let heads = try await ports.directory.announcedOffsets(of: [bad])
            #expect(heads[bad] == Offset(rawValue: 1), "what is set aside is not announced")
            let snapshot = try await ports.history.snapshot(of: bad, for: ada.id, window: .newest, limit: 10)
            #expect(snapshot?.redo.map(\.operation.body) == [sent[0].body, sent[2].body])
            try await ports.log.drop([aside])
            let after = try await ports.commit([ports.say("6", bad, ada)])
            #expect(after[0].allocation?.offset == Offset(rawValue: 4))
            let lifted = try await ports.log.depth()
            #expect(lifted.quarantinedChats == 0)
        },
        StoreScenario("a chat whose last row went with a commit is opened by the next recovery") { ports in
            let ada = try await ports.someone()
            let (bad, good) = (try await ports.group(ada), try await ports.group(ada))
            let batch = BatchID.random()
            let refused = ports.say("1", bad, ada)
            _ = try await ports.commit([refused], as: batch)
            try await ports.log.quarantine([bad], of: batch, reason: "too large")
            // The batch's own id drops nothing of it.
            let other = ports.say("2", good, ada)
            _ = try await ports.log.commit(.random(), [other], dropping: [batch], wait: true)
            guard case .setAside(let aside)? = try await ports.commit([refused]).first, aside != batch else {
                Issue.record("it is not set aside")
                return
            }
            let last = ports.say("3", good, ada)
            _ = try await ports.log.commit(.random(), [last], dropping: [aside], wait: true)
            _ = try await ports.log.takeExpired(limit: 1)
            #expect(try await ports.one(ports.say("4", bad, ada)).allocation != nil)
        },
        StoreScenario("a batch that is finished meanwhile sets nothing aside") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            let batch = BatchID.random()
            _ = try await ports.commit([ports.say("1", chat, ada)], as: batch)
            try await ports.log.quarantine([try await ports.group(ada)], of: batch, reason: "not in it")
            try await ports.log.drop([batch])
            try await ports.log.quarantine([chat], of: batch, reason: "late")
            let result = try await ports.one(ports.say("2", chat, ada))
            #expect(result.allocation != nil)
        },
        StoreScenario("what was deleted is purged once nothing can bring it back, and then never restored") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            for number in 1...2 { try await ports.done(ports.say("\(number)", chat, ada)) }
            try await ports.done(ports.delete(chat, 1, ada))
            let batch = BatchID.random()
            _ = try await ports.commit([ports.delete(chat, 2, ada)], as: batch)
            func taken(_ age: Duration = .zero) async throws -> [PurgeTarget] {
                try await ports.purges.takePurges(olderThan: age, limit: 100).filter { $0.message.chat == chat }
                    .sorted { $0.message.sequence < $1.message.sequence }
            }
            func target(_ sequence: Int64, _ revision: Int64) -> PurgeTarget {
                PurgeTarget(
                    message: MessageID(chat: chat, sequence: SequenceNumber(rawValue: sequence)),
                    revision: Offset(rawValue: revision)
                )
            }
            let young = try await taken(.seconds(86_400))
            let first = try await taken()
            let again = try await taken()
            #expect(young.isEmpty && first == [target(1, 4)] && again == first)
            let late = try await ports.one(ports.restore(chat, 1, ada))
            let deleted = try await ports.one(ports.delete(chat, 1, ada))
            #expect(late.refusal == .conflict && deleted == .unchanged(Offset(rawValue: 4), pending: nil))
            try await ports.log.drop([batch])
            let both = try await taken()
            #expect(both == [target(1, 4), target(2, 5)])
            try await ports.purges.finishPurges(both)
            let none = try await taken()
            #expect(none.isEmpty)
        },
        StoreScenario("a chat whose purges have to wait keeps no other from being purged") { ports in
            let ada = try await ports.someone()
            let (stuck, free) = (try await ports.group(ada), try await ports.group(ada))
            for number in 1...5 { try await ports.done(ports.say("\(number)", stuck, ada)) }
            try await ports.done(ports.say("6", free, ada))
            let batch = BatchID.random()
            var deletions: [Operation] = []
            for number in 1...5 { deletions.append(try await ports.delete(stuck, Int64(number), ada)) }
            _ = try await ports.commit(deletions, as: batch)
            try await ports.done(ports.delete(free, 1, ada))
            var taken: Set<ChatID> = []
            for _ in 1...3 {
                taken.formUnion(try await ports.purges.takePurges(olderThan: .zero, limit: 2).map(\.message.chat))
            }
            #expect(taken.contains(free) && !taken.contains(stuck))
        },
    ]
}
