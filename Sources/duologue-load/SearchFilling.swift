internal import Domain
internal import Messaging
internal import Search
internal import Storage

/// Fills chats of very different sizes, and the index with them.
///
/// Loop-bound.
final class SearchFilling {
    /// How much is made.
    struct Size: Sendable {
        let messages: Int
        let chats: Int
        let users: Int
    }

    /// A chat and who is in it.
    struct Chat: Sendable {
        let id: ChatID
        let members: [Int]
    }

    private let stores: DirectStores
    private let index: PostgresSearchIndex
    private let texts: SearchTexts
    private let people: [UserID]
    private var finished: [BatchID] = []

    private static let batch = 1_000

    /// Fills by these stores, in the name of these people.
    init(stores: DirectStores, texts: SearchTexts, people: [UserID]) {
        self.stores = stores
        self.texts = texts
        self.people = people
        index = PostgresSearchIndex(client: stores.postgres)
    }

    /// Makes the chats; the sizes fall as 1, 1/2, 1/3 and so on (Zipf's law), and large chats have more members.
    ///
    /// All chats are written in turn, so that what stands together in the stores is of many chats, as it would be.
    func fill(_ size: Size) async throws -> [Chat] {
        var chats: [Chat] = []
        for rank in 1...size.chats { chats.append(try await makeChat(rank)) }
        let total = (1...size.chats).reduce(0.0) { $0 + 1 / Double($1) }
        var sums: [Double] = []
        for rank in 1...size.chats { sums.append((sums.last ?? 0) + 1 / Double(rank) / total) }
        var written = 0
        while written < size.messages {
            let count = min(Self.batch, size.messages - written)
            try await write((0..<count).map { _ in chats[Self.draw(sums)] })
            written += count
            if written % 100_000 == 0 { Output.line("\(written) messages written") }
        }
        try await stores.log.drop(finished)
        return chats
    }

    /// The first place whose sum is not below a random number.
    private static func draw(_ sums: [Double]) -> Int {
        let number = Double.random(in: 0..<1)
        var (low, high) = (0, sums.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func makeChat(_ rank: Int) async throws -> Chat {
        let count = rank <= 20 ? 50 : rank <= 200 ? 10 : 4
        let members = Array(people.indices.shuffled().prefix(count))
        let chat = try await stores.log.nextChatID()
        let draft = ChatDraft(
            type: .group,
            name: "search \(rank)",
            participants: members.dropFirst().map { people[$0] }
        )
        _ = try await commit([operation(chat, members[0], .createChat(draft))])
        return Chat(id: chat, members: members)
    }

    private func operation(_ chat: ChatID, _ author: Int, _ body: Operation.Body) -> Operation {
        OperationCodec.operation(chat: chat, actor: people[author], id: .random(), body: body)
    }

    private func write(_ chats: [Chat]) async throws {
        let operations = chats.map { chat in
            let draft = MessageDraft(content: texts.text())
            return operation(chat.id, chat.members.randomElement() ?? 0, .createMessage(draft))
        }
        let images = try await commit(operations).compactMap(PostImages.messageImage(of:))
        try await stores.bodies.apply(images.map(PostImage.message))
        try await stores.log.drop(finished)
        finished = []
        try await index.put(images.compactMap(SearchDocument.init), without: [])
        // So that the server's own workers leave them alone.
        let touched = Array(Set(images.map(\.id.chat)))
        _ = try await index.finish(index.take(touched, events: Self.batch + 1, lease: .seconds(10)))
    }

    private func commit(_ operations: [Operation]) async throws -> [CommittedOperation] {
        let batch = BatchID.random()
        let results = try await stores.log.commit(batch, operations, dropping: finished, wait: true)
        finished = [batch]
        return try zip(operations, results).map { operation, result in
            guard case .committed(let allocation) = result else { throw LoadError(.refused, "not written: \(result)") }
            return CommittedOperation(operation: operation, allocation: allocation)
        }
    }
}
