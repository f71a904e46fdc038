package import Domain
internal import Search

/// The twin of the search index and of searching it: it looks at every document.
///
/// Relevance is the real store's own; here the newest come first.
package final class MemorySearch: SearchIndex, MessageSearch {
    private let database: MemoryDatabase
    private var leases: [ChatID: Timestamp] = [:]
    private var indexed: [ChatID: Offset] = [:]
    private var rebuilt: (next: MessageID, messages: Int)?

    /// An empty index on this database.
    package init(_ database: MemoryDatabase) { self.database = database }

    // MARK: Filling

    package func slice(after chat: ChatID?, limit: Int) async throws -> IndexingSlice {
        try database.check()
        let chats = database.chats.keys.filter { $0 > chat ?? ChatID(rawValue: 0) }.sorted().prefix(limit)
        let behind = chats.map { chat in
            (database.chats[chat]?.chat.lastOffset.rawValue ?? 0) - (indexed[chat] ?? .zero).rawValue
        }
        return IndexingSlice(
            last: chats.last,
            behind: zip(chats, behind).filter { $0.1 > 0 }.map(\.0),
            events: Int(behind.reduce(0, +))
        )
    }

    package func take(_ chats: [ChatID], events: Int, lease: Duration) async throws -> [IndexingTask] {
        try database.check()
        return Set(chats).sorted().compactMap { chat in
            guard let row = database.chats[chat], (leases[chat] ?? Timestamp(milliseconds: 0)) < database.now else {
                return nil
            }
            let from = indexed[chat] ?? .zero
            let part = row.events.filter { $0.offset > from }.prefix(events)
            guard let last = part.last else { return nil }
            leases[chat] = database.now + Int64(lease / .milliseconds(1))
            let changes = part.compactMap { event -> SearchHit? in
                let operation = event.committed.operation
                guard Self.changesText(operation.kind),
                    let sequence = event.committed.allocation.sequence ?? operation.target
                else { return nil }
                return SearchHit(MessageID(chat: chat, sequence: sequence), event.offset)
            }
            return IndexingTask(chat: chat, from: from, through: last.offset, changes: changes, age: .zero)
        }
    }

    private static func changesText(_ kind: EventKind) -> Bool {
        switch kind {
        case .messageCreated, .messageUpdated, .messageDeleted, .messageRestored: true
        default: false
        }
    }

    package func put(_ documents: [SearchDocument], without deleted: [SearchHit]) async throws {
        try database.check()
        for document in documents
        where (database.documents[document.message]?.revision ?? .zero) <= document.revision {
            database.documents[document.message] = document
        }
        for hit in deleted where (database.documents[hit.message]?.revision ?? .zero) <= hit.revision {
            database.documents[hit.message] = nil
        }
    }

    package func finish(_ tasks: [IndexingTask]) async throws -> [ChatID] {
        try database.check()
        return tasks.filter { task in
            guard (indexed[task.chat] ?? .zero) == task.from else { return false }
            indexed[task.chat] = task.through
            leases[task.chat] = nil
            return (database.chats[task.chat]?.chat.lastOffset ?? .zero) > task.through
        }.map(\.chat)
    }

    package func rebuild() async throws -> (next: MessageID, messages: Int)? { rebuilt }
    package func keepRebuild(at next: MessageID, messages: Int) async throws { rebuilt = (next, messages) }
    package func endRebuild() async throws { rebuilt = nil }

    package func rebuildStep(from next: MessageID, limit: Int) async throws -> RebuildStep? {
        try database.check()
        for chat in database.chats.keys.sorted() where chat >= next.chat {
            let last = database.chats[chat]?.chat.lastSequence.rawValue ?? 0
            let first = chat == next.chat ? next.sequence.rawValue : 1
            guard first <= last else { continue }
            let end = SequenceNumber(rawValue: min(last, first + Int64(limit) - 1))
            return RebuildStep(chat: chat, range: SequenceNumber(rawValue: first)...end)
        }
        return nil
    }

    package func dropAhead(from first: MessageID, through last: MessageID?, limit: Int) async throws -> Int {
        try database.check()
        let ahead = database.documents.values.filter { document in
            let place = (document.message.chat, document.message.sequence)
            guard place >= (first.chat, first.sequence), last.map({ place <= ($0.chat, $0.sequence) }) ?? true else {
                return false
            }
            return metadata(of: document.message).map { $0.revision < document.revision } ?? true
        }.prefix(limit)
        for document in ahead { database.documents[document.message] = nil }
        for (chat, offset) in indexed where chat >= first.chat && chat <= last?.chat ?? chat {
            if database.chats[chat]?.chat.lastOffset ?? .zero < offset { indexed[chat] = nil }
        }
        return ahead.count
    }

    private func metadata(of message: MessageID) -> MessageMetadata? {
        guard let rows = database.chats[message.chat]?.messages else { return nil }
        let place = Int(message.sequence.rawValue) - 1
        return rows.indices.contains(place) ? rows[place].metadata : nil
    }

    // MARK: Searching

    /// The cursor is how many hits went before.
    package func search(
        _ criteria: SearchCriteria,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> Page<SearchHit>? {
        try database.check()
        if let chat = criteria.chat, database.chats[chat]?.member(user) == nil { return nil }
        var skipped = 0
        if let cursor {
            guard let number = Int(cursor), number > 0 else { throw Failure(.invalidValue, "no cursor of this search") }
            skipped = number
        }
        let found = database.documents.values.filter { isFound($0, criteria, user) }
            .sorted { ($0.createdAt, $0.message.sequence) > ($1.createdAt, $1.message.sequence) }
        let page = found.dropFirst(skipped).prefix(limit).map { SearchHit($0.message, $0.revision) }
        return Page(items: page, next: found.count > skipped + limit ? "\(skipped + limit)" : nil)
    }

    private func isFound(_ document: SearchDocument, _ criteria: SearchCriteria, _ user: UserID) -> Bool {
        let (chat, sequence) = (document.message.chat, document.message.sequence)
        guard let row = database.chats[chat], row.member(user) != nil, criteria.chat == nil || criteria.chat == chat,
            let message = metadata(of: document.message), !message.isDeleted,
            message.revision == document.revision, !database.isHidden(sequence, in: chat, from: user)
        else { return false }
        switch criteria.sender {
        case .me? where document.sender != user: return false
        case .username(let name)? where database.users[document.sender]?.user.username.lowercased() != name:
            return false
        default: break
        }
        if let low = criteria.low, document.createdAt < low { return false }
        if let high = criteria.high, document.createdAt >= high { return false }
        guard !criteria.hasLink || document.hasLink, !criteria.hasFile || document.hasFile else { return false }
        return SearchMatcher(words: document.words).matches(criteria)
    }
}
