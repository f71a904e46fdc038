package import Domain

/// The twin of the batch function and the redo table.
package final class MemoryCommitLog: CommitLog {
    let database: MemoryDatabase
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
        wait: Bool,
        again: Bool
    ) async throws -> [CommitResult] {
        try database.check()
        var committed: [CommittedOperation] = []
        var results: [CommitResult] = []
        let isDecided =
            again
            && operations.contains { operation in
                database.chats[operation.chat].map { earlier(operation, in: $0) != nil } ?? false
            }
        for operation in operations {
            if isDecided, database.chats[operation.chat].map({ earlier(operation, in: $0) == nil }) ?? true {
                results.append(.busy)
                continue
            }
            let result = decide(operation, wait: wait, in: batch, after: committed)
            if case .committed(let allocation) = result {
                committed.append(CommittedOperation(operation: operation, allocation: allocation))
            }
            results.append(result)
        }
        database.redo.removeAll { finished.contains($0.batch.id) }
        if !committed.isEmpty {
            let row = RedoBatch(id: batch, operations: committed)
            database.redo.append(.init(batch: row, leaseUntil: leaseEnd, createdAt: database.now))
        }
        return results
    }

    package func nextChatID() async throws -> ChatID {
        try database.check()
        return database.nextChat()
    }

    /// Decides one operation, all earlier ones being done.
    private func decide(
        _ operation: Operation,
        wait: Bool,
        in batch: BatchID,
        after committed: [CommittedOperation]
    ) -> CommitResult {
        func pending(_ chat: ChatID, _ offset: Offset?) -> BatchID? {
            guard let offset else { return nil }
            let isOwn = committed.contains { $0.operation.chat == chat && $0.allocation.offset == offset }
            return isOwn ? batch : database.covering(chat, offset)
        }
        if let earlier = database.chats[operation.chat].flatMap({ earlier(operation, in: $0) }) {
            guard earlier.operation.hash == operation.hash else {
                return .refused(Failure(.idempotencyMismatch, "The id was used for another operation."))
            }
            let pending = pending(operation.chat, earlier.allocation.offset)
            if let pending, database.redo.contains(where: { $0.batch.id == pending && $0.isQuarantined }) {
                return .setAside(pending)
            }
            var allocation = earlier.allocation
            if pending != batch { allocation.thread = nil }
            return .duplicate(allocation, pending: pending)
        }
        if case .createChat(let draft) = operation.body { return createChat(draft, operation) }
        if !wait, database.lockedChats.contains(operation.chat) { return .busy }
        guard let row = database.chats[operation.chat] else { return .refused(.chatNotFound) }
        let actor = row.member(operation.actor)
        guard actor != nil || mayEnter(operation, row) else { return .refused(.chatNotFound) }
        guard !database.quarantined.contains(operation.chat) else {
            return .refused(Failure(.storeUnavailable, "The chat takes no writes now."))
        }
        if database.isClosed(row), operation.kind != .messageDeleted { return .refused(Self.blocked) }
        let result = actor.map { change(row, by: $0, operation) } ?? join(operation, in: row)
        guard case .unchanged(let offset, _) = result else { return result }
        return .unchanged(offset, pending: pending(operation.chat, offset))
    }

    private func change(
        _ row: MemoryDatabase.ChatRow,
        by actor: MemoryDatabase.Member,
        _ operation: Operation
    ) -> CommitResult {
        if let target = operation.target, !row.messages.indices.contains(Int(target.rawValue) - 1) {
            return .refused(Self.messageNotFound)
        }
        switch operation.body {
        case .createChat: return .busy
        case .createMessage(let draft): return createMessage(draft, operation, in: row)
        case .removeParticipant(let user): return remove(user, operation, by: actor, in: row)
        case .addParticipant(let addition): return add(addition, operation, by: actor, in: row)
        case .changeRole(let user, let role): return changeRole(of: user, to: role, operation, by: actor, in: row)
        case .changeChat(let change): return changeChat(change, operation, by: actor, in: row)
        case .editMessage, .deleteMessage, .restoreMessage: return changeBody(operation, by: actor, in: row)
        case .react(let sequence, let emoji, let isOn): return react(sequence, emoji, isOn, operation, in: row)
        case .pin(let sequence, let isOn): return pin(sequence, isOn, operation, in: row)
        }
    }

    private func earlier(_ operation: Operation, in row: MemoryDatabase.ChatRow) -> CommittedOperation? {
        row.events.map(\.committed).first {
            $0.operation.actor == operation.actor && $0.operation.id == operation.id
        }
    }

    static let blocked = Failure(.blocked, "There is a block.")
    static let messageNotFound = Failure(.messageNotFound, "There is no such message in this chat.")
    static let forbidden = Failure(.forbidden, "This is not yours to do.")

    /// Takes the next numbers of the chat, whose row is written with them, and writes the event.
    func allocate(
        _ operation: Operation,
        in row: MemoryDatabase.ChatRow,
        thread: ThreadState? = nil,
        facts: EventFacts? = nil
    ) -> CommitResult {
        var row = row
        let isMessage = operation.kind == .messageCreated
        let sequence = SequenceNumber(rawValue: row.chat.lastSequence.rawValue + 1)
        let allocation = Allocation(
            offset: row.chat.lastOffset.next,
            sequence: isMessage ? sequence : nil,
            at: database.now,
            thread: thread,
            facts: facts
        )
        if isMessage { row.chat.lastSequence = sequence }
        row.chat.lastOffset = allocation.offset
        row.lastEventAt = database.now
        row.events.append(.init(committed: CommittedOperation(operation: operation, allocation: allocation)))
        database.chats[operation.chat] = row
        return .committed(allocation)
    }

    // MARK: Finishing

    package func takeExpired(limit: Int) async throws -> [RedoBatch] {
        try database.check()
        liftQuarantines()
        let due = database.redo.indices.filter { database.redo[$0].leaseUntil < database.now }
        return take(due.prefix(limit))
    }

    package func takeCovering(_ chat: ChatID, through offset: Offset) async throws -> [RedoBatch] {
        try database.check()
        let now = database.now
        let due = database.redo.indices.filter { index in
            let row = database.redo[index]
            let covers = row.batch.operations.contains {
                $0.operation.chat == chat && $0.allocation.offset <= offset
            }
            let isOld = row.createdAt < now - 250 && row.leaseUntil < leaseEnd - 250 && !row.isQuarantined
            return covers && (row.leaseUntil < now || isOld)
        }
        return take(due[...])
    }

    private func take(_ indices: ArraySlice<Int>) -> [RedoBatch] {
        indices.map { index in
            database.redo[index].batch.attempts += 1
            let row = database.redo[index]
            let milliseconds = lease.components.seconds * 1000
            let growing = min(milliseconds << min(Int64(row.batch.attempts), 16), 60_000)
            database.redo[index].leaseUntil = database.now + (row.isQuarantined ? growing : milliseconds)
            return row.batch
        }
    }

    package func renew(_ batches: [BatchID]) async throws {
        try database.check()
        for index in database.redo.indices where batches.contains(database.redo[index].batch.id) {
            database.redo[index].leaseUntil = max(database.redo[index].leaseUntil, leaseEnd)
        }
    }

    package func drop(_ batches: [BatchID]) async throws {
        try database.check()
        database.redo.removeAll { batches.contains($0.batch.id) }
        liftQuarantines()
    }

    /// A commit that drops rows leaves it to the next recovery to open their chats.
    private func liftQuarantines() {
        database.quarantined.formIntersection(database.redo.flatMap(\.batch.operations).map(\.operation.chat))
    }

    package func quarantine(_ chats: Set<ChatID>, of batch: BatchID, reason: String) async throws {
        try database.check()
        guard let index = database.redo.firstIndex(where: { $0.batch.id == batch && !$0.isQuarantined }) else { return }
        let whole = database.redo[index]
        let present = Set(whole.batch.operations.map(\.operation.chat))
        let bad = present.intersection(chats).sorted { $0.rawValue < $1.rawValue }
        guard !bad.isEmpty else { return }
        database.redo.remove(at: index)
        database.quarantined.formUnion(bad)
        for chat in bad {
            var row = whole
            row.batch.operations.removeAll { $0.operation.chat != chat }
            row.batch.id = .random()
            if !whole.isQuarantined { row.leaseUntil = database.now }
            row.isQuarantined = true
            database.redo.append(row)
        }
        if !present.isSubset(of: chats) {
            var rest = whole
            rest.batch.operations.removeAll { chats.contains($0.operation.chat) }
            database.redo.append(rest)
        }
    }

    package func depth() async throws -> RedoDepth {
        try database.check()
        let rows = database.redo.filter { !$0.isQuarantined }
        let oldest = rows.map(\.createdAt.milliseconds).min() ?? database.now.milliseconds
        return RedoDepth(
            rows: rows.count,
            bytes: rows.reduce(0) { $0 + $1.bytes },
            oldestAge: .milliseconds(database.now.milliseconds - oldest),
            stuckRows: database.redo.count { $0.batch.attempts > 20 },
            quarantinedChats: database.quarantined.count
        )
    }

    /// Dropped rows leave nothing behind here.
    package func maintain() async throws { try database.check() }

    private var leaseEnd: Timestamp { database.now + lease.components.seconds * 1_000 }
}

extension Timestamp {
    static func + (time: Timestamp, milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: time.milliseconds + milliseconds)
    }

    static func - (time: Timestamp, milliseconds: Int64) -> Timestamp { time + -milliseconds }
}
