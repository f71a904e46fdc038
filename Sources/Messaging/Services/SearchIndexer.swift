package import Domain
internal import Search

/// Fills the search index from the bodies of messages.
///
/// Loop-bound.
package final class SearchIndexer {
    private let index: any SearchIndex
    private let bodies: any BodyStore

    /// Most chats that are indexed at once.
    package static let chatLimit = 32
    /// Most events of a chat, so that a long one does not keep others waiting.
    private static let eventLimit = 128
    /// How long others leave a chat alone whose worker does not come back.
    private static let lease = Duration.seconds(10)

    /// Messages that a rebuild takes at once.
    private static let rebuildLimit = 256

    /// An indexer over stores of the same loop.
    package init(index: any SearchIndex, bodies: any BodyStore) {
        self.index = index
        self.bodies = bodies
    }

    /// What a step did.
    package struct Progress: Sendable, Equatable {
        /// How many messages were put into the index or taken out of it.
        package var messages = 0
        /// Chats that have more to index.
        package var more: [ChatID] = []
        /// Chats of which some bodies are not there yet; announcements tell when they are.
        package var waiting: [ChatID] = []
        /// How long the oldest event had waited.
        package var age = Duration.zero
    }

    /// Indexes what is new in some of these chats; what somebody else is busy with is left alone.
    ///
    /// - Throws: `StoreError`; what was taken then waits until its lease has run out.
    package func step(_ chats: [ChatID]) async throws -> Progress {
        let tasks = try await index.take(
            Array(chats.prefix(Self.chatLimit)),
            events: Self.eventLimit,
            lease: Self.lease
        )
        var progress = Progress()
        let images = try await bodies.images(Array(Set(tasks.flatMap { $0.changes.map(\.message) })))
        var found: [MessageID: MessageImage] = [:]
        var done: [IndexingTask] = []
        for var task in tasks {
            for change in task.changes {
                guard let image = images[change.message], image.revision >= change.revision else {
                    // MongoDB gets it in a moment; what comes before it is indexed now.
                    task.through = Offset(rawValue: change.revision.rawValue - 1)
                    progress.waiting.append(task.chat)
                    break
                }
                found[change.message] = image
            }
            if task.through > task.from { progress.age = max(progress.age, task.age) }
            done.append(task)
        }
        try await put(Array(found.values))
        progress.messages = found.count
        let more = try await index.finish(done)
        progress.more = more.filter { !progress.waiting.contains($0) }
        return progress
    }

    private func put(_ images: [MessageImage]) async throws {
        let documents = images.compactMap(SearchDocument.init)
        let deleted = images.filter { $0.isDeleted || $0.content == nil }.map { SearchHit($0.id, $0.revision) }
        do {
            try await index.put(documents, without: deleted)
        } catch let error as StoreError where error.outcome == .permanent {
            // One document that cannot be indexed must not keep the others out for ever.
            try await index.put([], without: deleted)
            for document in documents { try await putAlone(document) }
        }
    }

    /// A document whose words cannot be indexed is found by its sender and its time.
    private func putAlone(_ document: SearchDocument) async throws {
        do {
            try await index.put([document], without: [])
        } catch let error as StoreError where error.outcome == .permanent {
            var rest = document
            rest.words = [:]
            try await index.put([rest], without: [])
        }
    }

    /// Indexes some of all messages anew, going on where the last call ended; answers how many this rebuild has done so far, and
    /// whether there are more.
    ///
    /// Nothing is missing from searches while it runs. What is sent or changed meanwhile is not its business.
    ///
    /// - Throws: `StoreError`; the next call does the same again.
    package func rebuildStep() async throws -> (messages: Int, isDone: Bool) {
        let place = try await index.rebuild() ?? (MessageID(chat: ChatID(rawValue: 1), sequence: Self.first), 0)
        guard let step = try await index.rebuildStep(from: place.next, limit: Self.rebuildLimit) else {
            try await index.endRebuild()
            return (place.messages, true)
        }
        let images = try await bodies.messages(of: step.chat, in: step.range)
        try await put(images)
        let next = SequenceNumber(rawValue: step.range.upperBound.rawValue + 1)
        let messages = place.messages + images.count
        try await index.keepRebuild(at: MessageID(chat: step.chat, sequence: next), messages: messages)
        return (messages, false)
    }

    private static let first = SequenceNumber(rawValue: 1)
}
