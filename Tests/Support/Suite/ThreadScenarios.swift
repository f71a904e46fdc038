internal import Domain
internal import Testing

extension StoreScenario {
    /// What is promised of threads.
    static let threadScenarios: [StoreScenario] = [
        StoreScenario("threads are those with replies, the newest root first, page by page") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            #expect(try await threads(chat, bob, ports).isEmpty)
            for number in 1...5 { try await ports.done(ports.say("\(number)", chat, ada)) }
            // 6 to 10: replies to 2, 4, 1, 2, 5
            var replies: [Allocation] = []
            for root in [2, 4, 1, 2, 5] as [Int64] {
                replies.append(try await ports.done(ports.reply(root, chat, ada)))
            }
            try await ports.done(ports.delete(chat, 10, ada))
            let found = try await threads(chat, bob, ports)
            let expected = zip([4, 2, 1] as [Int64], [replies[1], replies[3], replies[2]]).map { root, last in
                let isTwice = root == 2
                return ThreadSummary(
                    root: id(chat, root),
                    replyCount: isTwice ? 2 : 1,
                    lastReply: last.sequence ?? SequenceNumber(rawValue: 0),
                    lastReplyAt: last.at,
                    readSequence: SequenceNumber(rawValue: 0),
                    unread: isTwice ? 2 : 1
                )
            }
            #expect(found == expected)
            #expect(try await threads(chat, ada, ports).map(\.unread) == [0, 0, 0])
            try await ports.done(ports.restore(chat, 10, ada))
            #expect(try await threads(chat, bob, ports).map(\.root.sequence.rawValue) == [5, 4, 2, 1])
            #expect(try await ports.threads.threads(of: chat, for: eve.id, limit: 2, cursor: nil) == nil)
            let code = await failure {
                _ = try await ports.threads.threads(of: chat, for: bob.id, limit: 2, cursor: "?")
            }
            #expect(code == .invalidValue)
        },
        StoreScenario("a mark in a thread only grows, never beyond the last message, and is its own") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            for number in 1...2 { try await ports.done(ports.say("\(number)", chat, ada)) }
            // 3 to 7
            for root in [1, 1, 2, 1] as [Int64] { try await ports.done(ports.reply(root, chat, ada)) }
            try await ports.done(ports.reply(1, chat, bob))
            let steps: [(Int64, read: Int64, unread: Int)] = [
                (0, 0, 3), (3, 3, 2), (8, 3, 2), (1, 3, 2), (5, 5, 1), (7, 7, 0), (6, 7, 0),
            ]
            for step in steps { try await expect(step.read, step.unread, by: reading(1, step.0, chat, bob, ports)) }
            let found = try await threads(chat, bob, ports)
            #expect(found.map(\.readSequence.rawValue) == [0, 7] && found.map(\.unread) == [1, 0])
            let other = try await threads(chat, ada, ports)
            #expect(other.map(\.readSequence.rawValue) == [0, 0] && other.map(\.unread) == [0, 1])
            try await ports.done(ports.reply(1, chat, ada))
            try await ports.done(ports.reply(1, chat, ada))
            try await ports.done(ports.delete(chat, 8, ada))
            try await expect(7, 1, by: reading(1, 7, chat, bob, ports))
            let seen = try #require(try await ports.directory.chat(chat, for: bob.id)?.my)
            #expect(seen.readSequence.rawValue == 0, "the chat's own mark is another one")
        },
        StoreScenario("reading a thread needs a member and a message that is no reply") { ports in
            let (ada, eve) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada)
            try await ports.done(ports.say("1", chat, ada))
            try await ports.done(ports.reply(1, chat, ada))
            #expect(try await reading(1, 1, chat, eve, ports) == .stranger)
            #expect(try await reading(1, 1, ChatID(rawValue: 1 << 52), ada, ports) == .stranger)
            for root in [0, 2, 3] as [Int64] {
                #expect(try await reading(root, 1, chat, ada, ports) == .missing)
            }
        },
        StoreScenario("a thread without replies has no mark, and keeps the one it had") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            for number in 1...2 { try await ports.done(ports.say("\(number)", chat, ada)) }
            try await expect(0, 0, by: reading(1, 2, chat, bob, ports))
            // 3 and 4
            for _ in 1...2 { try await ports.done(ports.reply(1, chat, ada)) }
            try await expect(3, 1, by: reading(1, 3, chat, bob, ports))
            for number in [3, 4] as [Int64] { try await ports.done(ports.delete(chat, number, ada)) }
            try await expect(3, 0, by: reading(1, 4, chat, bob, ports))
        },
        StoreScenario("who joins again has no marks, and only what came since is unread") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            try await ports.done(ports.say("1", chat, ada))
            for _ in 1...3 { try await ports.done(ports.reply(1, chat, ada)) }
            try await expect(2, 2, by: reading(1, 2, chat, bob, ports))
            try await ports.done(ports.operation(chat, ada, .removeParticipant(bob.id)))
            try await ports.done(ports.reply(1, chat, ada))
            try await ports.done(ports.add(bob, chat, ada))
            let back = try await threads(chat, bob, ports)
            #expect(back.map(\.readSequence.rawValue) == [0] && back.map(\.unread) == [0])
            try await ports.done(ports.reply(1, chat, ada))
            #expect(try await threads(chat, bob, ports).map(\.unread) == [1])
        },
    ]

    private static func id(_ chat: ChatID, _ sequence: Int64) -> MessageID {
        MessageID(chat: chat, sequence: SequenceNumber(rawValue: sequence))
    }

    private static func reading(
        _ root: Int64,
        _ sequence: Int64,
        _ chat: ChatID,
        _ user: User,
        _ ports: StorePorts
    ) async throws -> ThreadReadOutcome {
        try await ports.threads.read(id(chat, root), to: SequenceNumber(rawValue: sequence), by: user.id)
    }

    private static func expect(
        _ read: Int64,
        _ unread: Int,
        by outcome: ThreadReadOutcome,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        guard case .read(let sequence, let count, _) = outcome else { throw StepFailed(step: "reading: \(outcome)") }
        #expect(sequence.rawValue == read && count == unread, sourceLocation: location)
    }

    /// All pages, of two each.
    private static func threads(_ chat: ChatID, _ user: User, _ ports: StorePorts) async throws -> [ThreadSummary] {
        var threads: [ThreadSummary] = []
        var cursor: String?
        repeat {
            let asked = try await ports.threads.threads(of: chat, for: user.id, limit: 2, cursor: cursor)
            let page = try #require(asked)
            #expect(page.items.count <= 2)
            threads += page.items
            cursor = page.next
        } while cursor != nil
        return threads
    }
}
