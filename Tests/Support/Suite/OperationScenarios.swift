internal import Domain
internal import Testing

extension StoreScenario {
    /// What is promised of looking up operations.
    static let operationScenarios: [StoreScenario] = [
        StoreScenario("operations are committed where all of them are, each in its chat and by this user") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let (chat, other) = (try await ports.group(ada, bob), try await ports.group(ada, bob))
            let (one, two, bobs) = (ports.say("1", chat, ada), ports.say("2", other, ada), ports.say("3", chat, bob))
            let reaction = ports.react("👍", chat, 1, ada)
            for operation in [one, two, bobs, reaction] { try await ports.done(operation) }
            let never = ports.say("4", chat, ada)
            for committed in [[one], [two], [reaction], [one, two, reaction], [one, one], []] {
                #expect(try await ports.areCommitted(committed, by: ada))
            }
            for missing in [[never], [one, never], [never, two], [bobs], [one, bobs]] {
                #expect(try await !ports.areCommitted(missing, by: ada))
            }
            #expect(try await ports.areCommitted([bobs], by: bob))
            #expect(try await !ports.areCommitted([one], by: bob))
            #expect(try await ports.areCommitted([], by: bob))
            let swapped = [(chat: other, id: one.id), (chat: chat, id: two.id)]
            #expect(try await !ports.operations.areCommitted(swapped, by: ada.id))
            let nowhere = [(chat: ChatID(rawValue: 1 << 52), id: one.id)]
            #expect(try await !ports.operations.areCommitted(nowhere, by: ada.id))
        },
        StoreScenario("an operation is committed before its body is written, and not if it was refused") { ports in
            let (ada, eve) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada)
            let (batch, said, refused) = (BatchID.random(), ports.say("1", chat, ada), ports.say("2", chat, eve))
            let results = try await ports.commit([said, refused], as: batch)
            #expect(results.map(\.refusal) == [nil, .chatNotFound])
            #expect(try await ports.areCommitted([said], by: ada))
            #expect(try await !ports.areCommitted([refused], by: eve))
            try await ports.log.drop([batch])
        },
    ]
}

extension StorePorts {
    /// Whether operations are committed in the chats they are for.
    fileprivate func areCommitted(_ asked: [Operation], by user: User) async throws -> Bool {
        try await operations.areCommitted(asked.map { ($0.chat, $0.id) }, by: user.id)
    }
}
