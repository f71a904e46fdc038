internal import Domain
internal import Messaging
internal import Testing

extension StoreScenario {
    static let commitScenarios: [StoreScenario] = [
        StoreScenario("numbers have no gaps, whatever is refused between") { ports in
            let (ada, eve) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada)
            let results = try await ports.commit([
                ports.say("1", chat, ada), ports.say("x", chat, eve), ports.say("2", chat, ada),
            ])
            #expect(results[1].refusal == .chatNotFound)
            let more = try await ports.commit([ports.say("3", chat, ada)])
            let allocations = [results[0], results[2], more[0]].compactMap(\.allocation)
            #expect(allocations.map(\.sequence?.rawValue) == [1, 2, 3])
            #expect(allocations.map(\.offset.rawValue) == [2, 3, 4])
        },
        StoreScenario("the same operation is committed once, told as covered until its row is dropped") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            let (operation, batch) = (ports.say("one", chat, ada), BatchID.random())
            let first = try await ports.commit([operation], as: batch)[0]
            let place = try #require(first.allocation)
            let covered = try await ports.commit([operation])[0]
            #expect(covered == .duplicate(place, pending: batch))
            try await ports.log.drop([batch])
            let finished = try await ports.commit([operation])[0]
            #expect(finished == .duplicate(place, pending: nil))
        },
        StoreScenario("the same id with other words is a mistake, and a new operation for somebody else") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            let id = OperationID.random()
            let results = try await ports.commit([ports.say("one", chat, ada, id: id)])
            let other = try await ports.commit([ports.say("two", chat, ada, id: id)])
            let foreign = try await ports.commit([ports.say("two", chat, bob, id: id)])
            #expect(results[0].allocation != nil)
            #expect(other[0].refusal == .idempotencyMismatch)
            #expect(foreign[0].allocation != nil)
        },
        StoreScenario("a commit drops the finished rows it is given") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            let (batch, first) = (BatchID.random(), ports.say("1", chat, ada))
            _ = try await ports.commit([first], as: batch)
            _ = try await ports.log.commit(.random(), [ports.say("2", chat, ada)], dropping: [batch], wait: true)
            guard case .duplicate(_, pending: nil) = try await ports.commit([first])[0] else {
                Issue.record("the row is still there")
                return
            }
        },
        StoreScenario("replies and threads need a message to hang on") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            let none = SequenceNumber(rawValue: 1)
            func draft(replyTo: Int64? = nil, root: Int64? = nil) -> Operation {
                let draft = MessageDraft(
                    content: "x",
                    replyTo: replyTo.map(SequenceNumber.init(rawValue:)),
                    threadRoot: root.map(SequenceNumber.init(rawValue:))
                )
                return ports.operation(chat, ada, .createMessage(draft))
            }
            let early = try await ports.commit([draft(replyTo: none.rawValue)])
            #expect(early[0].refusal == .messageNotFound)
            try await ports.finish(ports.say("1", chat, ada))
            let fine = try await ports.commit([draft(replyTo: 1), draft(root: 1)])
            #expect(fine.allSatisfy { $0.allocation != nil })
            let late = try await ports.commit([draft(replyTo: 9), draft(root: 9), draft(root: 3)])
            #expect(late.map(\.refusal) == [.messageNotFound, .messageNotFound, .messageNotFound])
        },
        StoreScenario("a pair has one direct chat, whoever asks") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let (first, second) = (try await ports.log.nextChatID(), try await ports.log.nextChatID())
            #expect(first != second)
            let draft = ChatDraft(type: .direct, participants: [bob.id])
            try await ports.finish(ports.operation(first, ada, .createChat(draft)))
            let back = ChatDraft(type: .direct, participants: [ada.id])
            let again = try await ports.commit([ports.operation(second, bob, .createChat(back))])
            #expect(again == [.existingChat(first)])
            let known = try await ports.directory.directChat(of: bob.id, and: ada.id)
            #expect(known == first)
            let leave = try await ports.commit([ports.operation(first, ada, .removeParticipant(ada.id))])
            #expect(leave[0].refusal == .forbidden)
        },
        StoreScenario("who is removed may write no more, and a chat keeps an owner") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            func remove(_ target: User, by actor: User) async throws -> CommitResult {
                try await ports.commit([ports.operation(chat, actor, .removeParticipant(target.id))])[0]
            }
            let results = [
                try await remove(ada, by: ada), try await remove(ada, by: bob), try await remove(bob, by: ada),
                try await ports.commit([ports.say("x", chat, bob)])[0], try await remove(bob, by: ada),
                try await remove(ada, by: ada),
            ]
            #expect(
                results.map(\.refusal) == [.lastOwner, .forbidden, nil, .chatNotFound, .userNotFound, nil]
            )
        },
        StoreScenario("a chat with nobody's id is not made") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.log.nextChatID()
            let draft = ChatDraft(type: .group, name: "x", participants: [UserID(rawValue: 1 << 52)])
            let results = try await ports.commit([ports.operation(chat, ada, .createChat(draft))])
            #expect(results[0].refusal == .userNotFound)
            let seen = try await ports.directory.chat(chat, for: ada.id)
            #expect(seen == nil)
        },
        StoreScenario("a redo row holds all that finishing needs, until it is dropped") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            let (batch, operation) = (BatchID.random(), ports.say("kept", chat, ada))
            let result = try await ports.commit([operation], as: batch)[0]
            let allocation = try #require(result.allocation)
            let during = try await ports.log.depth()
            #expect(during.rows > 0 && during.bytes > 0)
            let snapshot = try await ports.history.snapshot(of: chat, for: ada.id, window: .newest, limit: 10)
            let redo = try #require(snapshot?.redo.first)
            let expected = CommittedOperation(operation: operation, allocation: allocation)
            #expect(PostImages.documents(of: redo) == PostImages.documents(of: expected))
            #expect(PostImages.announcement(of: redo) == PostImages.announcement(of: expected))
            try await ports.log.drop([batch])
            let after = try await ports.history.snapshot(of: chat, for: ada.id, window: .newest, limit: 10)
            #expect(after?.redo.isEmpty == true)
        },
    ]
}
