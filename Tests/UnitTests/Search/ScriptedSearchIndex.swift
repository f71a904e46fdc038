import Domain
import Messaging
import Support

/// A search index in memory whose failures a test decides on, and which remembers what it was given.
///
/// Loop-bound. Every event of its chats makes a message, so that both have the same numbers.
final class ScriptedSearchIndex: SearchIndex {
    /// What the next calls throw that take chats, and those that put documents, where it is not nil.
    var takeFailures: [StoreError?] = []
    var putFailures: [StoreError?] = []
    /// Documents it will never have.
    var refuses: (SearchDocument) -> Bool = { _ in false }
    /// How many chats were taken each time, and how many documents put.
    private(set) var takes: [Int] = []
    private(set) var puts: [Int] = []
    private(set) var documents: [MessageID: SearchDocument] = [:]
    private(set) var indexed: [ChatID: Int64] = [:]
    private var heads: [ChatID: Int64] = [:]
    private var leased: Set<ChatID> = []

    static let failure = StoreError(.postgres, .retryable, "canceling statement due to statement timeout")

    /// Messages that say the same, in a chat of their own.
    func fill(_ chat: ChatID, _ count: Int64, saying content: String, in bodies: MemoryBodyStore) async throws {
        heads[chat] = count
        let images = (1...count).map { number in
            MessageImage(
                id: MessageID(chat: chat, sequence: SequenceNumber(rawValue: number)),
                revision: Offset(rawValue: number),
                createdOffset: Offset(rawValue: number),
                sender: UserID(rawValue: 7),
                type: .text,
                content: content,
                createdAt: Timestamp(milliseconds: number),
                clientMessageID: nil,
                operation: .random()
            )
        }
        try await bodies.apply(images.map(PostImage.message))
    }

    func slice(after chat: ChatID?, limit: Int) async throws -> IndexingSlice {
        IndexingSlice(last: nil, behind: [], events: 0)
    }

    func take(_ chats: [ChatID], events: Int, lease: Duration) async throws -> [IndexingTask] {
        takes.append(chats.count)
        if !takeFailures.isEmpty, let failure = takeFailures.removeFirst() { throw failure }
        return chats.compactMap { chat in
            let (from, head) = (indexed[chat] ?? 0, heads[chat] ?? 0)
            guard from < head, leased.insert(chat).inserted else { return nil }
            let through = min(head, from + Int64(events))
            return IndexingTask(
                chat: chat,
                from: Offset(rawValue: from),
                through: Offset(rawValue: through),
                changes: (from + 1...through).map { number in
                    let message = MessageID(chat: chat, sequence: SequenceNumber(rawValue: number))
                    return SearchHit(message, Offset(rawValue: number))
                },
                age: .zero
            )
        }
    }

    func put(_ documents: [SearchDocument], without deleted: [SearchHit]) async throws {
        guard !documents.isEmpty else { return }
        puts.append(documents.count)
        if !putFailures.isEmpty, let failure = putFailures.removeFirst() { throw failure }
        guard !documents.contains(where: refuses) else { throw StoreError(.postgres, .permanent, "no such tsvector") }
        for document in documents { self.documents[document.message] = document }
    }

    func finish(_ tasks: [IndexingTask]) async throws -> [ChatID] {
        for task in tasks {
            leased.remove(task.chat)
            indexed[task.chat] = task.through.rawValue
        }
        return tasks.filter { $0.through.rawValue < heads[$0.chat] ?? 0 }.map(\.chat)
    }

    func rebuild() async throws -> (next: MessageID, messages: Int)? { nil }
    func keepRebuild(at next: MessageID, messages: Int) async throws {}
    func endRebuild() async throws {}
    func rebuildStep(from next: MessageID, limit: Int) async throws -> RebuildStep? { nil }
    func dropAhead(from first: MessageID, through last: MessageID?, limit: Int) async throws -> Int { 0 }
}
