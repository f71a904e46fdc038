internal import Domain
internal import Messaging
internal import Testing

extension StoreScenario {
    /// What is promised of making the search index again.
    static let rebuildScenarios: [StoreScenario] = [
        StoreScenario("of two rebuilds at once the second ends with the first") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            try await ports.finish(ports.say("word", chat, ada))
            let indexers = (0..<2).map { _ in SearchIndexer(index: ports.searchIndex, bodies: ports.bodies) }
            _ = try await indexers[0].rebuildStep()
            while try await !indexers[1].rebuildStep().isDone {}
            #expect(try await indexers[0].rebuildStep().isDone)
            #expect(try await ports.found("word", ada) == [id(chat, 1)])
        },
        StoreScenario("an index that was lost is made again from the bodies") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            for number in 1...5 { try await ports.finish(ports.say("word \(number)", chat, ada)) }
            try await ports.index(chat)
            let before = try await ports.found("word", ada)
            try await ports.searchIndex.put(
                [],
                without: before.map { SearchHit($0, Offset(rawValue: 1 << 40)) }
            )
            #expect(try await ports.found("word", ada) == [])
            let indexer = SearchIndexer(index: ports.searchIndex, bodies: ports.bodies)
            while try await !indexer.rebuildStep().isDone {}
            #expect(try await ports.found("word", ada) == before)
            #expect(before.count == 5)
        },
        StoreScenario("an index that is ahead of the messages is made again from what is there") { ports in
            let ada = try await ports.someone()
            let (chat, other) = (try await ports.group(ada), try await ports.group(ada))
            for number in 1...3 { try await ports.finish(ports.say("word \(number)", chat, ada)) }
            try await ports.finish(ports.say("word", other, ada))
            try await ports.index(chat, other)
            let later = Offset(rawValue: 1 << 40)
            let nowhere = MessageID(chat: ChatID(rawValue: 1 << 52), sequence: SequenceNumber(rawValue: 1))
            let lost = [id(chat, 2), id(chat, 4), nowhere].map { message in
                SearchDocument(
                    message: message,
                    revision: later,
                    sender: ada.id,
                    createdAt: ports.now(),
                    hasLink: false,
                    hasFile: false,
                    words: ["lost": [1]]
                )
            }
            try await ports.searchIndex.put(lost, without: [])
            let head = Offset(rawValue: 4)
            let progress = IndexingTask(chat: chat, from: head, through: later, changes: [], age: .zero)
            #expect(try await ports.searchIndex.finish([progress]) == [])
            let indexer = SearchIndexer(index: ports.searchIndex, bodies: ports.bodies)
            while try await !indexer.rebuildStep().isDone {}
            #expect(try await ports.found("word", ada) == [id(chat, 1), id(chat, 2), id(chat, 3), id(other, 1)])
            #expect(try await ports.searchIndex.dropAhead(from: id(chat, 1), through: nil, limit: 9) == 0)
            // The number and the offset of what is said now were those of something else.
            try await ports.finish(ports.say("word 4", chat, ada))
            try await ports.index(chat)
            #expect(try await ports.found("word", ada, in: chat).count == 4)
            #expect(try await ports.found("lost", ada) == [])
        },
    ]

    private static func id(_ chat: ChatID, _ sequence: Int64) -> MessageID {
        MessageID(chat: chat, sequence: SequenceNumber(rawValue: sequence))
    }
}
