package import Domain
internal import IOCore
internal import Search

/// Fills the search index from the bodies of messages.
///
/// Loop-bound.
package final class SearchIndexer {
    private let index: any SearchIndex
    private let bodies: any BodyStore
    /// Words that are put into the index by one statement; a message is put whole, however long it is.
    private var wordLimit = SearchIndexer.mostWords
    /// How many messages the rebuild under way has indexed; nil before it has begun.
    private var rebuilt: Int?

    /// Most chats that are indexed at once.
    package static let chatLimit = 32
    /// Most events of a chat, so that a long one does not keep others waiting.
    private static let eventLimit = 128
    /// How long others leave a chat alone whose worker does not come back.
    private static let lease = Duration.seconds(10)
    /// How long a body may be on its way.
    private static let patience = Duration.seconds(60)

    /// A quarter of a second of Postgres, of the two that a statement has.
    private static let mostWords = 50_000
    /// After so many words others get the loop.
    private static let breath = 4_000
    /// Bodies that are read together, where several chats have so few.
    private static let readLimit = 256
    /// Messages that a rebuild takes at once.
    private static let rebuildLimit = 256
    /// Documents that a rebuild takes out at once.
    private static let dropLimit = 1_000

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
        /// Those of them that have waited for more than a minute: a body may be missing for good.
        package var stuck: [ChatID] = []
        /// How long the oldest event had waited.
        package var age = Duration.zero
    }

    /// Indexes what is new in some of these chats, in their order; what somebody else is busy with is left alone.
    ///
    /// It ends after many words; of the chats that have more, those that it did not come to are the first.
    ///
    /// - Throws: `StoreError`; what was taken is free again, or waits until its lease has run out.
    package func step(_ chats: [ChatID]) async throws -> Progress {
        let chats = Array(chats.prefix(Self.chatLimit))
        let tasks = try await index.take(chats, events: Self.eventLimit, lease: Self.lease)
        do {
            return try await work(on: Self.ordered(tasks, as: chats))
        } catch {
            _ = try? await index.finish(tasks.map(Self.untouched))
            throw error
        }
    }

    private func work(on tasks: [IndexingTask]) async throws -> Progress {
        var progress = Progress()
        var batch = SearchBatch()
        var done: [IndexingTask] = []
        var begun: Set<ChatID> = []
        var rest = tasks[...]
        while !rest.isEmpty {
            let group = Self.takeGroup(from: &rest)
            var images: [MessageID: MessageImage] = [:]
            if batch.cost < wordLimit {
                images = try await bodies.images(Array(Set(group.flatMap { $0.changes.map(\.message) })))
            }
            for task in group {
                if batch.cost < wordLimit { begun.insert(task.chat) }
                done.append(await add(task, images, to: &batch, &progress))
            }
        }
        try await put(batch)
        progress.messages = batch.messages.count
        let more = Set(try await index.finish(done)).subtracting(progress.waiting)
        let left = done.map(\.chat).filter { more.contains($0) }
        progress.more = left.filter { !begun.contains($0) } + left.filter { begun.contains($0) }
        return progress
    }

    /// Adds what a task is about, as far as there are bodies and room; answers that far.
    private func add(
        _ task: IndexingTask,
        _ images: [MessageID: MessageImage],
        to batch: inout SearchBatch,
        _ progress: inout Progress
    ) async -> IndexingTask {
        var task = task
        for change in task.changes {
            let isFull = batch.cost >= wordLimit
            guard !isFull, let image = images[change.message], image.revision >= change.revision else {
                task.through = Offset(rawValue: change.revision.rawValue - 1)
                // MongoDB gets it in a moment; what comes before it is indexed now.
                if !isFull { progress.waiting.append(task.chat) }
                if !isFull, task.age > Self.patience { progress.stuck.append(task.chat) }
                break
            }
            await add(image, to: &batch)
        }
        if task.through > task.from { progress.age = max(progress.age, task.age) }
        return task
    }

    private func add(_ image: MessageImage, to batch: inout SearchBatch) async {
        let before = batch.cost
        batch.add(image)
        if batch.cost / Self.breath > before / Self.breath { await EventLoop.current?.sleep(for: .zero) }
    }

    /// Tasks whose bodies are read together.
    private static func takeGroup(from tasks: inout ArraySlice<IndexingTask>) -> [IndexingTask] {
        var group: [IndexingTask] = []
        var changes = 0
        while let task = tasks.first, group.isEmpty || changes + task.changes.count <= readLimit {
            group.append(task)
            changes += task.changes.count
            tasks.removeFirst()
        }
        return group
    }

    private static func ordered(_ tasks: [IndexingTask], as chats: [ChatID]) -> [IndexingTask] {
        let places = Dictionary(zip(chats, chats.indices), uniquingKeysWith: { first, _ in first })
        return tasks.sorted { places[$0.chat, default: 0] < places[$1.chat, default: 0] }
    }

    private static func untouched(_ task: IndexingTask) -> IndexingTask {
        var task = task
        task.through = task.from
        return task
    }

    private func put(_ batch: SearchBatch) async throws {
        do {
            try await index.put([], without: batch.deleted)
            try await put(batch.documents)
            wordLimit = min(wordLimit * 2, Self.mostWords)
        } catch {
            // It may have been too much for one statement: the next has less.
            wordLimit = max(wordLimit / 2, 1)
            throw error
        }
    }

    /// One document that cannot be indexed must not keep the others out for ever: it is found by its sender and its time.
    private func put(_ documents: [SearchDocument]) async throws {
        do {
            try await index.put(documents, without: [])
        } catch let error as StoreError where error.outcome == .permanent {
            guard documents.count < 2 else {
                let middle = documents.count / 2
                try await put(Array(documents[..<middle]))
                return try await put(Array(documents[middle...]))
            }
            guard var rest = documents.first, !rest.words.isEmpty else { throw error }
            rest.words = [:]
            try await index.put([rest], without: [])
        }
    }

    /// Indexes some of all messages anew, going on where the last call ended; answers how many this rebuild has done so far, and
    /// whether there are more.
    ///
    /// Nothing is missing from searches while it runs. What is sent or changed meanwhile is not its business. Several rebuilds at once
    /// share the way, and end when one of them is through.
    ///
    /// - Throws: `StoreError`; the next call does the same again.
    package func rebuildStep() async throws -> (messages: Int, isDone: Bool) {
        let kept = try await index.rebuild()
        if kept == nil, let rebuilt {
            // Another was through first.
            self.rebuilt = nil
            return (rebuilt, true)
        }
        let place = kept ?? (MessageID(chat: ChatID(rawValue: 1), sequence: Self.first), 0)
        guard let step = try await index.rebuildStep(from: place.next, limit: Self.rebuildLimit) else {
            try await dropAhead(from: place.next, through: nil)
            try await index.endRebuild()
            rebuilt = nil
            return (place.messages, true)
        }
        try await dropAhead(from: place.next, through: MessageID(chat: step.chat, sequence: step.range.upperBound))
        let images = try await bodies.messages(of: step.chat, in: step.range)
        var batch = SearchBatch()
        for image in images {
            await add(image, to: &batch)
            guard batch.cost >= wordLimit else { continue }
            try await put(batch)
            batch = SearchBatch()
        }
        try await put(batch)
        let next = SequenceNumber(rawValue: step.range.upperBound.rawValue + 1)
        let messages = place.messages + images.count
        try await index.keepRebuild(at: MessageID(chat: step.chat, sequence: next), messages: messages)
        rebuilt = messages
        return (messages, false)
    }

    /// A document gives way to a newer one only, so what a restore has left of a later history must go first.
    private func dropAhead(from first: MessageID, through last: MessageID?) async throws {
        while try await index.dropAhead(from: first, through: last, limit: Self.dropLimit) == Self.dropLimit {}
    }

    private static let first = SequenceNumber(rawValue: 1)
}
