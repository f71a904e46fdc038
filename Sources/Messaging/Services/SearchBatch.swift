internal import Domain
internal import Search

/// What is put into the index by one statement.
struct SearchBatch {
    private(set) var documents: [SearchDocument] = []
    private(set) var deleted: [SearchHit] = []
    /// The messages of both.
    private(set) var messages: Set<MessageID> = []
    /// How much work it is, in words.
    private(set) var cost = 0

    /// What a message costs beside its words.
    private static let share = 16

    /// Adds a message, once.
    mutating func add(_ image: MessageImage) {
        guard messages.insert(image.id).inserted else { return }
        cost += Self.share
        guard let document = SearchDocument(image) else { return deleted.append(SearchHit(image.id, image.revision)) }
        cost += document.words.values.reduce(0) { $0 + $1.count }
        documents.append(document)
    }
}
