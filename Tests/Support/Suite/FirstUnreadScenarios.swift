internal import Domain
internal import Testing

extension StoreScenario {
    /// What is promised of the page around what is unread.
    static let firstUnreadScenarios: [StoreScenario] = [
        StoreScenario("the page around what is unread is around the first message that counts") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            let notice = MessageDraft(type: .system, content: "notice")
            for number in 1...3 { try await ports.done(ports.say("\(number)", chat, ada)) }
            try await ports.done(ports.operation(chat, bob, .createMessage(notice)))
            try await ports.done(ports.say("5", chat, bob))
            try await ports.done(ports.say("6", chat, ada))
            for number in 7...8 { try await ports.done(ports.say("\(number)", chat, bob)) }
            for number in 9...18 { try await ports.done(ports.say("\(number)", chat, ada)) }
            try await expect(5, in: chat, for: ada, ports)
            try await ports.done(ports.delete(chat, 5, bob))
            try await expect(7, in: chat, for: ada, ports)
            // Counts stay when a message is hidden, and a mark of one's own counts nothing.
            let seven = MessageID(chat: chat, sequence: SequenceNumber(rawValue: 7))
            #expect(try await ports.personal.hide(seven, true, for: ada.id) == .done)
            _ = try await ports.memberships.change(MembershipChange(isMarkedUnread: true), of: chat, for: ada.id)
            try await expect(7, in: chat, for: ada, ports)
            try await ports.done(ports.restore(chat, 5, bob))
            try await expect(5, in: chat, for: ada, ports)
            try await read(7, in: chat, by: ada, ports)
            try await expect(8, in: chat, for: ada, ports)
            try await expect(1, in: chat, for: bob, ports)
            try await read(3, in: chat, by: bob, ports)
            try await expect(6, in: chat, for: bob, ports)
        },
        StoreScenario("where nothing is unread the page is the newest") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            try await expect(1, in: chat, for: ada, ports)
            for number in 1...8 { try await ports.done(ports.say("\(number)", chat, ada)) }
            try await expect(9, in: chat, for: ada, ports)
            try await read(2, in: chat, by: ada, ports)
            try await expect(9, in: chat, for: ada, ports)
            try await read(8, in: chat, by: bob, ports)
            try await expect(9, in: chat, for: bob, ports)
            // Who comes later has read what was said before; replies in threads count as all messages do.
            try await ports.done(ports.add(eve, chat, ada))
            try await expect(9, in: chat, for: eve, ports)
            try await ports.done(ports.reply(1, chat, bob))
            for number in 10...15 { try await ports.done(ports.say("\(number)", chat, eve)) }
            for user in [ada, eve] { try await expect(9, in: chat, for: user, ports) }
            try await expect(10, in: chat, for: bob, ports)
        },
        StoreScenario("what is unread is found behind more than a thousand messages that count for nothing") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            for count in [500, 501] {
                let batch = BatchID.random()
                let results = try await ports.commit((1...count).map { ports.say("\($0)", chat, ada) }, as: batch)
                try await ports.log.drop([batch])
                #expect(results.count { $0.allocation != nil } == count)
            }
            try await expect(1_002, in: chat, for: ada, ports)
            try await ports.done(ports.say("1002", chat, bob))
            for number in 1_003...1_010 { try await ports.done(ports.say("\(number)", chat, ada)) }
            // A thousand that count for nothing follow the first two marks, and fewer the others.
            for mark in [0, 1, 2, 1_001] as [Int64] {
                if mark > 0 { try await read(mark, in: chat, by: ada, ports) }
                try await expect(1_002, in: chat, for: ada, ports)
            }
            try await expect(1, in: chat, for: bob, ports)
        },
    ]

    /// Pages of one to six messages around what is unread are those around this message.
    private static func expect(
        _ number: Int64,
        in chat: ChatID,
        for user: User,
        _ ports: StorePorts,
        at location: SourceLocation = #_sourceLocation
    ) async throws {
        let around = HistoryWindow.around(SequenceNumber(rawValue: number))
        for limit in 1...6 {
            let asked = try await ports.history.snapshot(of: chat, for: user.id, window: .firstUnread, limit: limit)
            let named = try await ports.history.snapshot(of: chat, for: user.id, window: around, limit: limit)
            let shown = try #require(asked, sourceLocation: location).rows.map(\.sequence.rawValue)
            let expected = try #require(named, sourceLocation: location).rows.map(\.sequence.rawValue)
            #expect(shown == expected, "\(limit) messages", sourceLocation: location)
        }
    }

    private static func read(_ number: Int64, in chat: ChatID, by user: User, _ ports: StorePorts) async throws {
        let mark = ReadMark(chat: chat, user: user.id, sequence: SequenceNumber(rawValue: number))
        let progress = try await ports.reads.advance([mark]).first ?? nil
        #expect(progress?.hasMoved == true)
    }
}
