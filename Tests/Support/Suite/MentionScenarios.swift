package import Domain
internal import Testing

/// Whom the store says that a message calls.
package struct CalledMembers: Sendable, Equatable {
    /// Ascending.
    package var users: [UserID]
    package var everyone: Bool

    /// Joins both.
    package init(users: [UserID], everyone: Bool) {
        self.users = users
        self.everyone = everyone
    }
}

extension StoreScenario {
    /// What is promised of mentions.
    static let mentionScenarios: [StoreScenario] = [
        StoreScenario("a mention counts for members other than the sender, and for everyone at once") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            // Handled as a set: only messages.
            let results = try await ports.commit([
                call([.user(bob.id), .user(eve.id), .user(ada.id), .user(bob.id)], chat, ada, ports),
                ports.say("nobody", chat, ada),
                call([.user(bob.id), .here], chat, ada, ports),
                call([.all], chat, bob, ports),
                call([.user(UserID(rawValue: 1 << 52))], chat, bob, ports),
                call([.user(ada.id)], chat, bob, ports),
            ])
            #expect(results.allSatisfy { $0.allocation != nil })
            let expected = [
                CalledMembers([bob]), CalledMembers([]), .everyone, .everyone, CalledMembers([]), CalledMembers([ada]),
            ]
            for (number, called) in zip(1..., expected) { try await expect(called, chat, number, ports) }
        },
        StoreScenario("a mention among other operations counts for those who are members by then") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            let results = try await ports.commit([
                call([.user(eve.id), .user(bob.id)], chat, ada, ports),
                ports.add(eve, chat, ada),
                call([.user(eve.id), .user(bob.id)], chat, ada, ports),
                ports.operation(chat, ada, .removeParticipant(bob.id)),
                call([.user(eve.id), .user(bob.id)], chat, ada, ports),
                call([.here], chat, eve, ports),
            ])
            #expect(results.allSatisfy { $0.allocation != nil })
            try await expect(CalledMembers([bob]), chat, 1, ports)
            try await expect(CalledMembers([bob, eve]), chat, 2, ports)
            try await expect(CalledMembers([eve]), chat, 3, ports)
            try await expect(.everyone, chat, 4, ports)
        },
        StoreScenario("the same message again mentions nobody once more, whoever has joined since") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            let message = call([.user(bob.id), .user(eve.id)], chat, ada, ports)
            try await ports.done(message)
            try await ports.done(ports.add(eve, chat, ada))
            let again = try await ports.commit([message, call([.all], chat, bob, ports), message])
            #expect(again[0].isFinishedDuplicate && again[1].allocation != nil && again[2].isFinishedDuplicate)
            try await expect(CalledMembers([bob]), chat, 1, ports)
            try await expect(.everyone, chat, 2, ports)
        },
        StoreScenario("of several messages under one id the one that was made mentions, the refused ones do not") {
            ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            let (plain, calling, late) = (OperationID.random(), OperationID.random(), OperationID.random())
            let nowhere = MessageDraft(
                content: "you",
                replyTo: SequenceNumber(rawValue: 9),
                mentions: [.user(bob.id)]
            )
            let results = try await ports.commit([
                ports.say("nobody", chat, ada, id: plain),
                call([.user(bob.id)], chat, ada, ports, id: plain),
                call([.user(bob.id)], chat, ada, ports, id: calling),
                call([.all], chat, ada, ports, id: calling),
                ports.operation(chat, ada, .createMessage(nowhere), id: late),
                ports.say("nobody", chat, ada, id: late),
            ])
            let refusals: [Failure.Code?] = [
                nil, .idempotencyMismatch, nil, .idempotencyMismatch, .messageNotFound, nil,
            ]
            #expect(results.map(\.refusal) == refusals)
            for (number, called) in zip(1..., [CalledMembers([]), CalledMembers([bob]), CalledMembers([])]) {
                try await expect(called, chat, number, ports)
            }
        },
        StoreScenario("an edit replaces mentions where it has any say about them") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob, eve)
            try await ports.done(call([.user(bob.id)], chat, ada, ports))
            let edits: [(mentions: [Mention]?, called: CalledMembers)] = [
                (nil, CalledMembers([bob])), ([.user(eve.id)], CalledMembers([eve])), ([.all], .everyone),
                (nil, .everyone), ([.user(bob.id), .user(eve.id)], CalledMembers([bob, eve])), ([], CalledMembers([])),
            ]
            for edit in edits {
                let image = try await ports.old(chat, 1)
                let body = MessageEdit(content: "new", mentions: edit.mentions)
                try await ports.done(ports.operation(chat, ada, .editMessage(body, of: image)))
                try await expect(edit.called, chat, 1, ports)
            }
            let foreign = try await ports.old(chat, 1)
            let body = MessageEdit(content: "new", mentions: [.all])
            let refused = try await ports.one(ports.operation(chat, bob, .editMessage(body, of: foreign)))
            #expect(refused.refusal == .forbidden)
            try await expect(CalledMembers([]), chat, 1, ports)
        },
        StoreScenario("a deleted message keeps its mentions, so that restoring it brings them back") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            try await ports.done(call([.user(bob.id)], chat, ada, ports))
            try await ports.done(ports.delete(chat, 1, ada))
            try await ports.done(ports.restore(chat, 1, ada))
            try await expect(CalledMembers([bob]), chat, 1, ports)
            try await ports.done(ports.delete(chat, 1, ada))
            _ = try await ports.purges.takePurges(olderThan: .zero - .seconds(1), limit: 1_000)
            try await expect(CalledMembers([]), chat, 1, ports)
        },
    ]

    private static func call(
        _ mentions: [Mention],
        _ chat: ChatID,
        _ actor: User,
        _ ports: StorePorts,
        id: OperationID = .random()
    ) -> Operation {
        ports.operation(chat, actor, .createMessage(MessageDraft(content: "you", mentions: mentions)), id: id)
    }

    private static func expect(
        _ called: CalledMembers,
        _ chat: ChatID,
        _ number: Int,
        _ ports: StorePorts,
        at location: SourceLocation = #_sourceLocation
    ) async throws {
        let id = MessageID(chat: chat, sequence: SequenceNumber(rawValue: Int64(number)))
        let found = try await ports.called(id)
        #expect(found == called, "message \(number)", sourceLocation: location)
    }
}

extension CalledMembers {
    fileprivate static let everyone = CalledMembers(users: [], everyone: true)

    fileprivate init(_ people: [User]) { self.init(users: people.map(\.id).sorted(), everyone: false) }
}
