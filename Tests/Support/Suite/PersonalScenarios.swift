internal import Domain
internal import Testing

extension StoreScenario {
    /// What is promised of hidden and saved messages.
    static let personalScenarios: [StoreScenario] = [
        StoreScenario("a hidden message is hidden from one member, until it is shown again") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            for text in ["1", "2", "3"] { try await ports.done(ports.say(text, chat, ada)) }
            for _ in 1...2 { #expect(try await ports.personal.hide(id(chat, 2), true, for: bob.id) == .done) }
            #expect(try await ports.personal.hide(id(chat, 3), true, for: bob.id) == .done)
            #expect(try await hidden(chat, bob, ports) == [2, 3])
            #expect(try await hidden(chat, ada, ports) == [])
            let page = try await ports.history.snapshot(of: chat, for: bob.id, window: .before(number(3)), limit: 1)
            #expect(page?.hidden == [number(2)] && page?.rows.map(\.sequence) == [number(2)])
            for _ in 1...2 { #expect(try await ports.personal.hide(id(chat, 2), false, for: bob.id) == .done) }
            #expect(try await hidden(chat, bob, ports) == [3])
        },
        StoreScenario("hiding needs a member and a message, and outlasts leaving") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            #expect(try await ports.personal.hide(id(chat, 1), true, for: bob.id) == .missing)
            try await ports.done(ports.say("1", chat, ada))
            #expect(try await ports.personal.hide(id(chat, 1), true, for: eve.id) == .stranger)
            #expect(try await ports.personal.hide(id(ChatID(rawValue: 1 << 52), 1), true, for: eve.id) == .stranger)
            #expect(try await ports.personal.hide(id(chat, 0), true, for: bob.id) == .missing)
            #expect(try await ports.personal.hide(id(chat, 2), false, for: bob.id) == .missing)
            try await ports.done(ports.delete(chat, 1, ada))
            #expect(try await ports.personal.hide(id(chat, 1), true, for: bob.id) == .done)
            try await ports.done(ports.operation(chat, ada, .removeParticipant(bob.id)))
            #expect(try await ports.personal.hide(id(chat, 1), false, for: bob.id) == .stranger)
            try await ports.done(ports.add(bob, chat, ada))
            #expect(try await hidden(chat, bob, ports) == [1])
        },
        StoreScenario("saved messages come latest saved first, page by page, each once") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let (first, second) = (try await ports.group(ada, bob), try await ports.group(bob, ada))
            for chat in [first, second] {
                for text in ["1", "2", "3"] { try await ports.done(ports.say(text, chat, ada)) }
            }
            let order = [id(second, 3), id(first, 1), id(first, 3), id(second, 1), id(first, 2)]
            for message in order + [id(second, 3)] {
                #expect(try await ports.personal.save(message, for: bob.id, limit: 5) == .done)
            }
            #expect(try await saved(bob, ports) == order.reversed())
            #expect(try await saved(ada, ports) == [])
            #expect(try await ports.personal.save(id(second, 2), for: bob.id, limit: 5) == .full)
            for _ in 1...2 { #expect(try await ports.personal.unsave(id(first, 3), for: bob.id) == .done) }
            #expect(try await ports.personal.save(id(second, 2), for: bob.id, limit: 5) == .done)
            let rest = [id(second, 2), id(first, 2), id(second, 1), id(first, 1), id(second, 3)]
            #expect(try await saved(bob, ports) == rest)
            let code = await failure { _ = try await ports.personal.saved(by: bob.id, limit: 2, cursor: "?") }
            #expect(code == .invalidValue)
        },
        StoreScenario("what is saved is shown to members only, and not what is hidden") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let (kept, left) = (try await ports.group(ada, bob), try await ports.group(ada, bob))
            for chat in [kept, left] {
                for text in ["1", "2"] { try await ports.done(ports.say(text, chat, ada)) }
            }
            for message in [id(kept, 1), id(left, 1), id(kept, 2)] {
                #expect(try await ports.personal.save(message, for: bob.id, limit: 9) == .done)
            }
            #expect(try await ports.personal.save(id(kept, 1), for: eve.id, limit: 9) == .stranger)
            #expect(try await ports.personal.unsave(id(kept, 1), for: eve.id) == .stranger)
            #expect(try await ports.personal.save(id(kept, 3), for: bob.id, limit: 9) == .missing)
            try await ports.done(ports.delete(kept, 2, ada))
            #expect(try await ports.personal.save(id(kept, 2), for: ada.id, limit: 9) == .missing)
            #expect(try await ports.personal.hide(id(left, 2), true, for: bob.id) == .done)
            #expect(try await ports.personal.save(id(left, 2), for: bob.id, limit: 9) == .missing)
            try await ports.done(ports.operation(left, ada, .removeParticipant(bob.id)))
            // The tombstone stays.
            #expect(try await saved(bob, ports) == [id(kept, 2), id(kept, 1)])
            #expect(try await ports.personal.hide(id(kept, 1), true, for: bob.id) == .done)
            #expect(try await saved(bob, ports) == [id(kept, 2)])
            try await ports.done(ports.add(bob, left, ada))
            #expect(try await saved(bob, ports) == [id(kept, 2), id(left, 1)])
        },
        StoreScenario("what is saved of a chat that was left counts, until it is given up") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let (kept, left) = (try await ports.group(ada, bob), try await ports.group(ada, bob))
            for chat in [kept, left] { try await ports.done(ports.say("1", chat, ada)) }
            #expect(try await ports.personal.save(id(left, 1), for: bob.id, limit: 1) == .done)
            try await ports.done(ports.operation(left, ada, .removeParticipant(bob.id)))
            #expect(try await ports.personal.save(id(kept, 1), for: bob.id, limit: 1) == .full)
            #expect(try await ports.personal.unsave(id(left, 1), for: bob.id) == .done)
            #expect(try await ports.personal.unsave(id(left, 1), for: bob.id) == .stranger)
            #expect(try await ports.personal.save(id(kept, 1), for: bob.id, limit: 1) == .done)
        },
    ]

    private static func number(_ number: Int64) -> SequenceNumber { SequenceNumber(rawValue: number) }

    private static func id(_ chat: ChatID, _ sequence: Int64) -> MessageID {
        MessageID(chat: chat, sequence: number(sequence))
    }

    private static func hidden(_ chat: ChatID, _ user: User, _ ports: StorePorts) async throws -> [Int64] {
        let snapshot = try await ports.history.snapshot(of: chat, for: user.id, window: .newest, limit: 100)
        return try #require(snapshot).hidden.map(\.rawValue).sorted()
    }

    /// All pages, of two each.
    private static func saved(_ user: User, _ ports: StorePorts) async throws -> [MessageID] {
        var messages: [MessageID] = []
        var cursor: String?
        repeat {
            let page = try await ports.personal.saved(by: user.id, limit: 2, cursor: cursor)
            #expect(page.items.count <= 2)
            messages += page.items.map(\.message)
            cursor = page.next
        } while cursor != nil
        return messages
    }
}
