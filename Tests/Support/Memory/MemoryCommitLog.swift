package import Domain

/// The twin of the batch function and the redo table.
package final class MemoryCommitLog: CommitLog {
    private let database: MemoryDatabase
    private let lease: Duration

    /// A log on this database whose redo rows are its own for `lease`.
    package init(_ database: MemoryDatabase, lease: Duration = .seconds(3)) {
        self.database = database
        self.lease = lease
    }

    package func commit(
        _ batch: BatchID,
        _ operations: [Operation],
        dropping finished: [BatchID],
        wait: Bool
    ) async throws -> [CommitResult] {
        try database.check()
        var committed: [CommittedOperation] = []
        var results: [CommitResult] = []
        for operation in operations {
            let result = decide(operation, wait: wait, in: batch, after: committed)
            if case .committed(let allocation) = result {
                committed.append(CommittedOperation(operation: operation, allocation: allocation))
            }
            results.append(result)
        }
        database.redo.removeAll { finished.contains($0.batch.id) }
        if !committed.isEmpty {
            let row = RedoBatch(id: batch, operations: committed)
            database.redo.append(MemoryDatabase.RedoRow(batch: row, leaseUntil: leaseEnd))
        }
        return results
    }

    package func nextChatID() async throws -> ChatID {
        try database.check()
        return database.nextChat()
    }

    package func takeExpired(limit: Int) async throws -> [RedoBatch] {
        try database.check()
        var taken: [RedoBatch] = []
        for index in database.redo.indices where taken.count < limit && database.redo[index].leaseUntil < database.now {
            database.redo[index].leaseUntil = leaseEnd
            database.redo[index].batch.attempts += 1
            taken.append(database.redo[index].batch)
        }
        return taken
    }

    package func renew(_ batches: [BatchID]) async throws {
        try database.check()
        for index in database.redo.indices where batches.contains(database.redo[index].batch.id) {
            database.redo[index].leaseUntil = leaseEnd
        }
    }

    package func drop(_ batches: [BatchID]) async throws {
        try database.check()
        database.redo.removeAll { batches.contains($0.batch.id) }
    }

    package func takeCovering(_ chat: ChatID, through offset: Offset) async throws -> [RedoBatch] {
        try database.check()
        return []
    }

    package func quarantine(_ chats: Set<ChatID>, of batch: BatchID, reason: String) async throws {
        try database.check()
    }

    package func depth() async throws -> RedoDepth {
        try database.check()
        return RedoDepth(rows: database.redo.count, bytes: database.redo.reduce(0) { $0 + $1.bytes })
    }

    /// Dropped rows leave nothing behind here.
    package func maintain() async throws { try database.check() }

    private var leaseEnd: Timestamp {
        Timestamp(milliseconds: database.now.milliseconds + lease.components.seconds * 1_000)
    }

    // MARK: Decisions

    private func decide(
        _ operation: Operation,
        wait: Bool,
        in batch: BatchID,
        after committed: [CommittedOperation]
    ) -> CommitResult {
        if let row = database.chats[operation.chat] {
            if let earlier = earlier(operation, in: row) {
                guard earlier.operation.hash == operation.hash else {
                    return .refused(Failure(.idempotencyMismatch, "The id was used for another operation."))
                }
                let pending = database.covering(operation.chat, earlier.allocation.offset)
                return .duplicate(earlier.allocation, pending: committed.contains(earlier) ? batch : pending)
            }
            if !wait, database.lockedChats.contains(operation.chat) { return .busy }
        }
        switch operation.body {
        case .createChat(let draft): return createChat(draft, operation)
        case .createMessage(let draft): return createMessage(draft, operation)
        case .removeParticipant(let user): return remove(user, operation)
        default: return .refused(Failure(.internal, "not yet"))
        }
    }

    private func earlier(_ operation: Operation, in row: MemoryDatabase.ChatRow) -> CommittedOperation? {
        row.events.map(\.committed).first {
            $0.operation.actor == operation.actor && $0.operation.id == operation.id
        }
    }

    private func createChat(_ draft: ChatDraft, _ operation: Operation) -> CommitResult {
        let members = [operation.actor] + draft.participants
        guard members.allSatisfy(database.isPresent) else {
            return .refused(Failure(.userNotFound, "There is no such user."))
        }
        if draft.type == .direct {
            let pair = MemoryDatabase.Pair(operation.actor, draft.participants[0])
            if let known = database.directChats[pair] { return .existingChat(known) }
            database.directChats[pair] = operation.chat
        }
        let zero = SequenceNumber(rawValue: 0)
        let chat = Chat(
            id: operation.chat,
            type: draft.type,
            visibility: draft.visibility,
            name: draft.name,
            description: draft.description,
            createdAt: database.now,
            updatedAt: database.now,
            createdBy: operation.actor,
            lastSequence: zero,
            lastOffset: .zero,
            participantCount: members.count
        )
        let joined = members.map { user in
            MemoryDatabase.Member(
                user: user,
                role: draft.type == .group && user == operation.actor ? .owner : .member,
                joinedAt: database.now,
                joinedOffset: Offset.zero.next,
                readSequence: zero
            )
        }
        database.chats[operation.chat] = .init(chat: chat, lastEventAt: database.now, members: joined)
        return .committed(allocate(operation, isMessage: false))
    }

    private func createMessage(_ draft: MessageDraft, _ operation: Operation) -> CommitResult {
        guard let row = database.chats[operation.chat], row.member(operation.actor) != nil else {
            return .refused(.chatNotFound)
        }
        let head = row.chat.lastSequence.rawValue
        let root = draft.threadRoot.map { Int($0.rawValue) - 1 }
        let isRoot = root.map { row.messages.indices.contains($0) && row.messages[$0].threadRoot == nil } ?? true
        guard draft.replyTo.map({ (1...max(head, 1)).contains($0.rawValue) && head > 0 }) ?? true, isRoot else {
            return .refused(Failure(.messageNotFound, "There is no such message in this chat."))
        }
        let allocation = allocate(operation, isMessage: true)
        let metadata = MessageMetadata(
            sequence: SequenceNumber(rawValue: head + 1),
            revision: allocation.offset,
            createdOffset: allocation.offset,
            isDeleted: false,
            replyCount: 0
        )
        database.chats[operation.chat]?.messages.append(
            .init(metadata: metadata, sender: operation.actor, type: draft.type, threadRoot: draft.threadRoot)
        )
        if let root { database.chats[operation.chat]?.messages[root].metadata.replyCount += 1 }
        return .committed(allocation)
    }

    private func remove(_ user: UserID, _ operation: Operation) -> CommitResult {
        guard let row = database.chats[operation.chat], let actor = row.member(operation.actor) else {
            return .refused(.chatNotFound)
        }
        guard let target = row.member(user) else { return .refused(Failure(.userNotFound, "There is no such member.")) }
        let mayRemove =
            user == operation.actor || actor.role == .owner || (actor.role == .admin && target.role != .owner)
        guard row.chat.type == .group, mayRemove else {
            return .refused(Failure(.forbidden, "This is not yours to do."))
        }
        let others = row.members.filter { $0.user != user }
        guard target.role != .owner || others.isEmpty || others.contains(where: { $0.role == .owner }) else {
            return .refused(Failure(.lastOwner, "The chat would have no owner."))
        }
        database.chats[operation.chat]?.members = others
        database.chats[operation.chat]?.chat.updatedAt = database.now
        return .committed(allocate(operation, isMessage: false))
    }

    /// Takes the next numbers of the chat and writes the event.
    private func allocate(_ operation: Operation, isMessage: Bool) -> Allocation {
        guard var row = database.chats[operation.chat] else { preconditionFailure("the chat was checked") }
        let sequence = SequenceNumber(rawValue: row.chat.lastSequence.rawValue + 1)
        let allocation = Allocation(
            offset: row.chat.lastOffset.next,
            sequence: isMessage ? sequence : nil,
            at: database.now
        )
        if isMessage { row.chat.lastSequence = sequence }
        row.chat.lastOffset = allocation.offset
        row.lastEventAt = database.now
        row.events.append(.init(committed: CommittedOperation(operation: operation, allocation: allocation)))
        database.chats[operation.chat] = row
        return allocation
    }
}
