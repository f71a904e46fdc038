internal import Domain
internal import Testing

extension StoreScenario {
    /// What is promised of read marks.
    static let readScenarios: [StoreScenario] = [
        StoreScenario("a read mark only grows, and never beyond the last message") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            try await ports.finish(
                ports.say("1", chat, ada),
                ports.say("2", chat, bob),
                ports.say("3", chat, ada),
                ports.say("4", chat, ada)
            )
            let steps: [(Int64, read: Int64, unread: Int, moved: Bool)] = [
                (1, 1, 2, true), (3, 3, 1, true), (2, 3, 1, false), (3, 3, 1, false), (5, 3, 1, false), (4, 4, 0, true),
            ]
            for step in steps {
                let progress = try await ports.reads.advance([mark(chat, bob, step.0)])
                let expected = ReadProgress(
                    readSequence: SequenceNumber(rawValue: step.read),
                    unread: step.unread,
                    lastSequence: SequenceNumber(rawValue: 4),
                    hasMoved: step.moved,
                    participantCount: 2
                )
                #expect(progress == [expected], "to \(step.0)")
            }
            let seen = try #require(try await ports.directory.chat(chat, for: bob.id)?.my)
            #expect(seen.readSequence.rawValue == 4 && seen.unread == 0)
            let other = try #require(try await ports.directory.chat(chat, for: ada.id)?.my)
            #expect(other.readSequence.rawValue == 0)
        },
        StoreScenario("marks of many users and chats move together, each answered in its place") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let (first, second) = (try await ports.group(ada, bob), try await ports.group(bob, ada))
            for chat in [first, second] {
                try await ports.finish(ports.say("1", chat, ada), ports.say("2", chat, ada))
            }
            let nowhere = ChatID(rawValue: 1 << 52)
            let progress = try await ports.reads.advance([
                mark(first, bob, 1), mark(first, eve, 1), mark(second, bob, 9), mark(first, bob, 2),
                mark(nowhere, bob, 1), mark(second, ada, 2), mark(first, bob, 7),
            ])
            #expect(progress.map { $0?.readSequence.rawValue } == [2, nil, 0, 2, nil, 2, 2])
            #expect(progress.map { $0?.unread } == [0, nil, 2, 0, nil, 0, 0])
            #expect(progress.map { $0?.hasMoved } == [true, nil, false, true, nil, true, true])
            let nothing = try await ports.reads.advance([])
            #expect(nothing.isEmpty)
        },
        StoreScenario("members see how far each of them has read, and strangers do not") { ports in
            let people = [try await ports.someone(), try await ports.someone(), try await ports.someone()]
            let eve = try await ports.someone()
            let chat = try await ports.group(people[0], people[1], people[2])
            try await ports.finish(ports.say("1", chat, people[0]), ports.say("2", chat, people[0]))
            _ = try await ports.reads.advance([mark(chat, people[1], 2), mark(chat, people[2], 1)])
            var cursor: String?
            var marks: [ReadMark] = []
            repeat {
                let asked = try await ports.reads.receipts(of: chat, for: people[2].id, limit: 2, cursor: cursor)
                let page = try #require(asked)
                #expect(page.items.count <= 2)
                marks += page.items
                cursor = page.next
            } while cursor != nil
            #expect(marks == zip(people, [0, 2, 1]).map { mark(chat, $0, $1) })
            let hidden = try await ports.reads.receipts(of: chat, for: eve.id, limit: 2, cursor: nil)
            #expect(hidden == nil)
            let code = await failure {
                _ = try await ports.reads.receipts(of: chat, for: eve.id, limit: 2, cursor: "?")
            }
            #expect(code == .invalidValue)
        },
    ]

    private static func mark(_ chat: ChatID, _ user: User, _ sequence: Int64) -> ReadMark {
        ReadMark(chat: chat, user: user.id, sequence: SequenceNumber(rawValue: sequence))
    }
}
