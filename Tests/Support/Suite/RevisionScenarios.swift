package import Domain
internal import Messaging
internal import Testing

extension StoreScenario {
    /// What is promised of what messages said before.
    static let revisionScenarios: [StoreScenario] = [
        StoreScenario("of a message edited often and at length, each revision is shown once, the newest too") { ports in
            let chat = try await ports.log.nextChatID()
            let (first, second) = (id(chat, 1), id(chat, 2))
            // More than a thousand, and more than the 16 MiB that one read may be of.
            let content = String(repeating: "x", count: 16_000)
            let numbers = 2...1_101
            for start in stride(from: 2, through: 1_101, by: 100) {
                let images = (start..<start + 100).map { revision(first, $0, content) }
                try await ports.bodies.apply(images.map(PostImage.revision))
            }
            try await ports.bodies.apply([.revision(revision(second, 1_102, "another's"))])
            let found = try await ports.bodies.revisions(of: first)
            #expect(found.map { Int($0.revision.rawValue) } == Array(numbers))
            #expect(found.allSatisfy { $0.content == content && $0.message == first })
            let reader = scripted(chat, ports, revisions: [1_102, 1_103])
            for (after, expected, hasMore) in [
                (0, 2...4, true), (3, 4...6, true), (1_097, 1_098...1_100, true), (1_098, 1_099...1_101, false),
                (1_100, 1_101...1_101, false),
            ] {
                let page = try await reader.revisions(of: first, for: ada, after: offset(after), limit: 3)
                #expect(page.revisions.map { Int($0.revision.rawValue) } == Array(expected))
                #expect(page.hasMore == hasMore, "after \(after)")
            }
            for after in [1_101, 1_102, Int.max] {
                let page = try await reader.revisions(of: first, for: ada, after: offset(after), limit: 3)
                #expect(page.revisions.isEmpty && !page.hasMore)
            }
            let other = try await reader.revisions(of: second, for: ada, after: .zero, limit: 3)
            #expect(other.revisions.map(\.content) == ["another's"] && !other.hasMore)
        },
        StoreScenario("pages of revisions hold what MongoDB lacks in its place") { ports in
            let user = try await ports.someone()
            let chat = try await ports.group(user)
            try await ports.finish(ports.say("1", chat, user))
            let reader = HistoryReader(history: ports.history, bodies: ports.bodies)
            func edit(_ text: String) async throws -> Operation {
                let image = try await reader.image(of: id(chat, 1), for: user.id)
                return ports.operation(chat, user, .editMessage(MessageEdit(content: text), of: image))
            }
            for text in ["2", "3", "4"] { try await ports.finish(edit(text)) }
            _ = try await ports.commit([edit("5")])
            let last = try await edit("6")
            let allocation = try await ports.commit([last]).first?.allocation
            for _ in 1...2 {
                for limit in 1...6 {
                    var (said, pages): ([String?], Int) = ([], 0)
                    var (place, hasMore) = (Offset.zero, true)
                    while hasMore {
                        let page = try await reader.revisions(
                            of: id(chat, 1),
                            for: user.id,
                            after: place,
                            limit: limit
                        )
                        said += page.revisions.map(\.content)
                        (place, hasMore, pages) = (page.revisions.last?.revision ?? place, page.hasMore, pages + 1)
                        #expect(page.revisions.count == limit || !hasMore)
                        try #require(pages <= 5)
                    }
                    #expect(said == ["1", "2", "3", "4", "5"] && pages == (5 + limit - 1) / limit)
                }
                // The newest of what is unfinished is there already, what it replaced is not.
                let committed = CommittedOperation(operation: last, allocation: try #require(allocation))
                try await ports.bodies.apply(PostImages.documents(of: committed))
            }
        },
    ]

    private static let ada = UserID(rawValue: 1)

    private static func offset(_ number: Int) -> Offset { Offset(rawValue: Int64(number)) }

    private static func id(_ chat: ChatID, _ sequence: Int64) -> MessageID {
        MessageID(chat: chat, sequence: SequenceNumber(rawValue: sequence))
    }

    private static func revision(_ message: MessageID, _ number: Int, _ content: String) -> RevisionImage {
        RevisionImage(
            message: message,
            revision: offset(number),
            content: content,
            editedBy: ada,
            at: Timestamp(milliseconds: 1)
        )
    }

    /// A reader to which Postgres tells of a chat whose messages are at these revisions.
    private static func scripted(_ chat: ChatID, _ ports: StorePorts, revisions: [Int]) -> HistoryReader {
        let rows = revisions.enumerated().map { index, number in
            MessageMetadata(
                sequence: SequenceNumber(rawValue: Int64(index + 1)),
                revision: offset(number),
                createdOffset: offset(index + 1),
                isDeleted: false,
                replyCount: 0
            )
        }
        let snapshot = HistorySnapshot(
            lastOffset: offset(revisions.max() ?? 0),
            lastSequence: SequenceNumber(rawValue: Int64(rows.count)),
            readSequence: SequenceNumber(rawValue: 0),
            rows: rows,
            redo: []
        )
        return HistoryReader(history: ScriptedHistory(snapshot), bodies: ports.bodies)
    }
}

extension BodyStore {
    /// All that a message said before, read page by page.
    package func revisions(of message: MessageID) async throws -> [RevisionImage] {
        var all: [RevisionImage] = []
        while true {
            let page = try await revisions(of: message, after: all.last?.revision ?? .zero, limit: 100)
            all += page
            if page.count < 100 { return all }
        }
    }
}
