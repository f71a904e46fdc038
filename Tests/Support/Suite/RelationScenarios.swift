internal import Domain
internal import Messaging
internal import Testing

extension StoreScenario {
    /// Contacts, and blocks with what they forbid.
    static let relationScenarios: [StoreScenario] = [
        StoreScenario("contacts and blocks are listed, the latest first, each once") { ports in
            let ada = try await ports.someone()
            var people: [User] = []
            for _ in 0..<3 { people.append(try await ports.someone()) }
            for user in people + [people[0]] {
                try await ports.relations.addContact(user.id, of: ada.id)
                _ = try await ports.relations.block(user.id, by: ada.id)
            }
            func list(_ isContacts: Bool, _ limit: Int, _ cursor: String?) async throws -> Page<User> {
                isContacts
                    ? try await ports.relations.contacts(of: ada.id, limit: limit, cursor: cursor)
                    : try await ports.relations.blocks(of: ada.id, limit: limit, cursor: cursor)
            }
            for isContacts in [true, false] {
                let first = try await list(isContacts, 2, nil)
                let second = try await list(isContacts, 2, first.next)
                #expect((first.items + second.items).map(\.id) == people.reversed().map(\.id) && second.next == nil)
                let wrong = await failure { _ = try await list(isContacts, 2, "x") }
                #expect(wrong == .invalidValue)
            }
            try await ports.relations.removeContact(people[1].id, of: ada.id)
            try await ports.relations.removeContact(people[1].id, of: ada.id)
            _ = try await ports.relations.unblock(people[2].id, by: ada.id)
            let (contacts, blocks) = (try await list(true, 9, nil), try await list(false, 9, nil))
            #expect(contacts.items.map(\.id) == [people[2].id, people[0].id])
            #expect(blocks.items.map(\.id) == [people[1].id, people[0].id])
            let nobody = UserID(rawValue: 1 << 52)
            let contact = await failure { try await ports.relations.addContact(nobody, of: ada.id) }
            let block = await failure { _ = try await ports.relations.block(nobody, by: ada.id) }
            #expect(contact == .userNotFound && block == .userNotFound)
        },
        StoreScenario("a block closes the direct chat for both, until neither blocks") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.direct(ada, bob)
            let earlier = ports.say("3", chat, bob)
            try await ports.finish(
                ports.say("1", chat, ada),
                ports.say("2", chat, bob),
                earlier,
                ports.pin(chat, 1, ada)
            )
            let (group, nowhere) = (try await ports.group(bob), ChatID(rawValue: 1 << 52))
            let open = try await ports.history.closedByBlock([chat, group, nowhere], for: ada.id)
            #expect(open == [chat: false])
            let isFirst = try await ports.relations.block(bob.id, by: ada.id)
            let closed = try await ports.history.closedByBlock([chat, group], for: bob.id)
            #expect(closed == [chat: true, group: false])
            let again = try await ports.relations.block(bob.id, by: ada.id)
            #expect(isFirst && !again)
            for actor in [ada, bob] {
                let own: Int64 = actor.id == ada.id ? 1 : 2
                var refused = [
                    try await ports.one(ports.say("4", chat, actor)), try await ports.one(ports.edit(chat, own, actor)),
                    try await ports.one(ports.react("👍", chat, 1, actor)),
                    try await ports.one(ports.pin(chat, 2, actor)),
                    try await ports.one(ports.pin(chat, 1, actor, isOn: false)),
                ]
                refused += try await ports.commit([ports.say("5", chat, actor), ports.react("👍", chat, 1, actor)])
                #expect(refused.allSatisfy { $0.refusal == .blocked }, "\(refused)")
            }
            let repeated = try await ports.one(earlier)
            #expect(repeated.isFinishedDuplicate)
            try await ports.done(ports.delete(chat, 2, bob))
            let restored = try await ports.one(ports.restore(chat, 2, bob))
            #expect(restored.refusal == .blocked)
            let known = try await ports.directory.directChat(of: ada.id, and: bob.id)
            let view = try await ports.directory.chat(chat, for: bob.id)
            #expect(known == nil && view?.id == chat)
            let second = try await ports.relations.block(ada.id, by: bob.id)
            let ended = try await ports.relations.unblock(bob.id, by: ada.id)
            let endedAgain = try await ports.relations.unblock(bob.id, by: ada.id)
            #expect(!second && ended && !endedAgain)
            let still = try await ports.one(ports.say("6", chat, ada))
            #expect(still.refusal == .blocked)
            _ = try await ports.relations.unblock(ada.id, by: bob.id)
            try await ports.done(ports.say("7", chat, ada))
        },
        StoreScenario("nobody opens a chat with, or takes into one, whoever has blocked them") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let isFirst = try await ports.relations.block(ada.id, by: bob.id)
            #expect(!isFirst, "they are in no chat together")
            func open(_ type: ChatType, _ founder: User, _ others: [User]) async throws -> Failure.Code? {
                let name = type == .group ? "room" : nil
                let draft = ChatDraft(type: type, name: name, participants: others.map(\.id))
                let id = try await ports.log.nextChatID()
                return try await ports.one(ports.operation(id, founder, .createChat(draft))).refusal
            }
            let opened = [
                try await open(.direct, ada, [bob]), try await open(.direct, bob, [ada]),
                try await open(.group, ada, [eve, bob]), try await open(.group, bob, [ada]),
                try await open(.direct, ada, [eve]),
            ]
            #expect(opened == [.blocked, .blocked, .blocked, nil, nil])
            let room = try await ports.group(ada, eve)
            let refused = try await ports.one(ports.add(bob, room, ada))
            #expect(refused.refusal == .blocked)
            let bobs = try await ports.group(bob, eve)
            try await ports.done(ports.add(ada, bobs, bob))
            // Where both are by somebody's leave, a block forbids nothing.
            try await ports.done(ports.say("hello", bobs, ada))
            _ = try await ports.relations.unblock(ada.id, by: bob.id)
            try await ports.done(ports.add(bob, room, ada))
            let direct = try await open(.direct, ada, [bob])
            #expect(direct == nil)
        },
    ]
}

extension StorePorts {
    /// A finished direct chat.
    fileprivate func direct(_ one: User, _ other: User) async throws -> ChatID {
        let chat = try await log.nextChatID()
        try await finish(operation(chat, one, .createChat(ChatDraft(type: .direct, participants: [other.id]))))
        return chat
    }
}
