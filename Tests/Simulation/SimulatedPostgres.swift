internal import Domain
internal import Messaging

/// The batch function and the redo table as far as the protocol needs them, with every statement a single step.
///
/// Times are milliseconds of the database's clock.
struct SimulatedPostgres {
    /// A message as Postgres knows it, and the content its events give it, which only the checks look at.
    struct Message {
        var revision: Offset
        var isDeleted = false
        var threadRoot: Int?
        var content: String
    }

    struct Chat {
        var messages: [Message] = []
        /// The event at offset n is at n - 1.
        var events: [CommittedOperation] = []
        var places: [OperationID: Int] = [:]
        var reactions: [ReactionID: (isOn: Bool, offset: Offset)] = [:]
        var isQuarantined = false

        var lastOffset: Offset { Offset(rawValue: Int64(events.count)) }
    }

    struct Row {
        var batch: RedoBatch
        var node: Int
        var leaseUntil: Int
        let createdAt: Int
        var isQuarantined = false
    }

    var chats: [Chat]
    private(set) var redo: [Row] = []
    private var batches: UInt64 = 0
    private let bug: PlantedBug?
    /// What the first run of a batch saw, for the bug that forgets to look again.
    private var seen: [BatchID: [Int]] = [:]

    static let lease = 3_000

    init(chats count: Int, bug: PlantedBug?) {
        chats = Array(repeating: Chat(), count: count)
        self.bug = bug
    }

    /// An id no batch has; rows that are set apart get theirs here too.
    mutating func nextBatch() -> BatchID {
        batches += 1
        return BatchID(high: 0, low: batches)
    }

    // MARK: Committing

    /// Decides a batch; `locked` chats are held by somebody else.
    ///
    /// Where an earlier run of it did commit, nothing new is decided in its name.
    mutating func commit(
        _ id: BatchID,
        _ operations: [Operation],
        dropping finished: [BatchID],
        locked: Set<ChatID>,
        again: Bool,
        by node: Int,
        at now: Int
    ) throws(StoreError) -> [CommitResult] {
        var locked = locked
        let isDecided = operations.contains { chats[Int($0.chat.rawValue) - 1].places[$0.id] != nil }
        if again, isDecided, bug != .staleRerun { locked = Set(operations.map(\.chat)) }
        let before = (chats, redo)
        let ignored = bug == .staleRerun ? seen[id] : nil
        if bug == .staleRerun { seen[id] = chats.map(\.events.count) }
        var committed: [CommittedOperation] = []
        var results: [CommitResult] = []
        for operation in operations {
            let result = decide(operation, locked: locked, in: id, committed, seenUpTo: ignored, at: now)
            if case .committed(let allocation) = result {
                committed.append(CommittedOperation(operation: operation, allocation: allocation))
            }
            results.append(result)
        }
        redo.removeAll { finished.contains($0.batch.id) }
        guard !committed.isEmpty else { return results }
        guard bug == .staleRerun || !redo.contains(where: { $0.batch.id == id }) else {
            (chats, redo) = before
            throw StoreError(.postgres, .permanent, "the redo row is there")
        }
        redo.append(
            Row(
                batch: RedoBatch(id: id, operations: committed),
                node: node,
                leaseUntil: now + Self.lease,
                createdAt: now
            )
        )
        return results
    }

    private mutating func decide(
        _ operation: Operation,
        locked: Set<ChatID>,
        in batch: BatchID,
        _ committed: [CommittedOperation],
        seenUpTo: [Int]?,
        at now: Int
    ) -> CommitResult {
        let index = Int(operation.chat.rawValue) - 1
        if let place = chats[index].places[operation.id], bug != .noDeduplication,
            seenUpTo.map({ place < $0[index] }) ?? true
        {
            let earlier = chats[index].events[place]
            guard earlier.operation.hash == operation.hash else {
                return .refused(Failure(.idempotencyMismatch, "another operation"))
            }
            let pending = pending(operation.chat, earlier.allocation.offset, in: batch, committed)
            if let pending, redo.contains(where: { $0.batch.id == pending && $0.isQuarantined }) {
                return .setAside(pending)
            }
            return .duplicate(earlier.allocation, pending: pending)
        }
        if locked.contains(operation.chat) { return .busy }
        if chats[index].isQuarantined { return .refused(Failure(.storeUnavailable, "quarantined")) }
        return change(operation, in: batch, committed, index, at: now)
    }

    private mutating func change(
        _ operation: Operation,
        in batch: BatchID,
        _ committed: [CommittedOperation],
        _ index: Int,
        at now: Int
    ) -> CommitResult {
        let offset = chats[index].lastOffset.next
        var allocation = Allocation(offset: offset, sequence: nil, at: Timestamp(milliseconds: Int64(now)))
        switch operation.body {
        case .createMessage(let draft):
            let root = draft.threadRoot.map { Int($0.rawValue) - 1 }
            chats[index].messages.append(Message(revision: offset, threadRoot: root, content: draft.content))
            allocation.sequence = SequenceNumber(rawValue: Int64(chats[index].messages.count))
            allocation.thread = thread(root, in: index)
        case .editMessage(_, let old), .deleteMessage(let old), .restoreMessage(let old):
            let place = Int(old.id.sequence.rawValue) - 1
            let message = chats[index].messages[place]
            var isDeleted = false
            if case .deleteMessage = operation.body { isDeleted = true }
            if case .editMessage(let edit, _) = operation.body {
                guard !message.isDeleted else { return .refused(Failure(.messageNotFound, "deleted")) }
                guard message.revision == old.revision || bug == .noMovedCheck else { return .moved }
                chats[index].messages[place].content = edit.content
            } else {
                guard message.isDeleted != isDeleted else {
                    let known = message.revision
                    return .unchanged(known, pending: pending(operation.chat, known, in: batch, committed))
                }
                guard message.revision == old.revision || bug == .noMovedCheck else { return .moved }
                chats[index].messages[place].isDeleted = isDeleted
                allocation.thread = thread(message.threadRoot, in: index)
            }
            chats[index].messages[place].revision = offset
        case .react(let sequence, let emoji, let isOn):
            let id = ReactionID(
                message: MessageID(chat: operation.chat, sequence: sequence),
                user: operation.actor,
                emoji: emoji
            )
            let known = chats[index].reactions[id]
            guard (known?.isOn ?? false) != isOn else {
                let offset = known?.offset
                let covering = offset.flatMap { pending(operation.chat, $0, in: batch, committed) }
                return .unchanged(offset, pending: covering)
            }
            chats[index].reactions[id] = (isOn, offset)
        default: return .refused(Failure(.internal, "not simulated"))
        }
        chats[index].places[operation.id] = chats[index].events.count
        chats[index].events.append(CommittedOperation(operation: operation, allocation: allocation))
        return .committed(allocation)
    }

    private func thread(_ root: Int?, in index: Int) -> ThreadState? {
        guard let root else { return nil }
        let replies = chats[index].messages.indices.filter {
            chats[index].messages[$0].threadRoot == root && !chats[index].messages[$0].isDeleted
        }
        return ThreadState(
            root: SequenceNumber(rawValue: Int64(root + 1)),
            replyCount: replies.count,
            lastReply: replies.last.map { SequenceNumber(rawValue: Int64($0 + 1)) },
            lastReplyAt: nil
        )
    }

    private func pending(
        _ chat: ChatID,
        _ offset: Offset,
        in batch: BatchID,
        _ committed: [CommittedOperation]
    ) -> BatchID? {
        let isOwn = committed.contains { $0.operation.chat == chat && $0.allocation.offset == offset }
        return isOwn ? batch : covering(chat, offset)
    }

    // MARK: Finishing

    func covering(_ chat: ChatID, _ offset: Offset) -> BatchID? {
        redo.first { $0.batch.covers(chat) { $0 == offset } }?.batch.id
    }

    /// The last offset of a chat below everything that a redo covers.
    func announcedHead(of index: Int) -> Offset {
        let chat = ChatID(rawValue: Int64(index + 1))
        let covered = redo.lazy.flatMap(\.batch.operations).filter { $0.operation.chat == chat }
        guard let first = covered.map(\.allocation.offset).min() else { return chats[index].lastOffset }
        return Offset(rawValue: first.rawValue - 1)
    }

    mutating func takeExpired(limit: Int, by node: Int, at now: Int) -> [RedoBatch] {
        liftQuarantines()
        return take(Array(redo.indices.filter { redo[$0].leaseUntil < now }.prefix(limit)), by: node, at: now)
    }

    mutating func takeCovering(_ chat: ChatID, through offset: Offset, by node: Int, at now: Int) -> [RedoBatch] {
        let due = redo.indices.filter { index in
            let row = redo[index]
            guard row.batch.covers(chat, where: { $0 <= offset }) else { return false }
            let isOld = row.createdAt < now - 250 && row.leaseUntil < now + Self.lease - 250 && !row.isQuarantined
            return row.leaseUntil < now || isOld
        }
        return take(due, by: node, at: now)
    }

    private mutating func take(_ indices: [Int], by node: Int, at now: Int) -> [RedoBatch] {
        indices.map { index in
            redo[index].batch.attempts += 1
            redo[index].node = node
            let growing = min(Self.lease << min(redo[index].batch.attempts, 16), 60_000)
            redo[index].leaseUntil = now + (redo[index].isQuarantined ? growing : Self.lease)
            return redo[index].batch
        }
    }

    mutating func renew(_ batches: [BatchID], by node: Int, at now: Int) {
        for index in redo.indices where redo[index].node == node && batches.contains(redo[index].batch.id) {
            redo[index].leaseUntil = max(redo[index].leaseUntil, now + Self.lease)
        }
    }

    mutating func drop(_ batches: [BatchID]) {
        redo.removeAll { batches.contains($0.batch.id) }
        liftQuarantines()
    }

    /// Not done by a commit that drops rows.
    private mutating func liftQuarantines() {
        for index in chats.indices where chats[index].isQuarantined {
            let chat = ChatID(rawValue: Int64(index + 1))
            if !redo.contains(where: { $0.batch.covers(chat) { _ in true } }) { chats[index].isQuarantined = false }
        }
    }

    mutating func quarantine(_ bad: Set<ChatID>, of batch: BatchID, at now: Int) {
        guard let index = redo.firstIndex(where: { $0.batch.id == batch && !$0.isQuarantined }) else { return }
        let whole = redo[index]
        let present = Set(whole.batch.operations.map(\.operation.chat))
        let apart = present.intersection(bad).sorted()
        guard !apart.isEmpty else { return }
        redo.remove(at: index)
        for chat in apart {
            chats[Int(chat.rawValue) - 1].isQuarantined = true
            var row = whole
            row.batch.operations.removeAll { $0.operation.chat != chat }
            // It never keeps the id of its batch: somebody may be about to drop that.
            row.batch.id = nextBatch()
            row.leaseUntil = now
            row.isQuarantined = true
            redo.append(row)
        }
        guard !present.isSubset(of: bad) else { return }
        var rest = whole
        rest.batch.operations.removeAll { bad.contains($0.operation.chat) }
        redo.append(rest)
    }
}

extension RedoBatch {
    /// Whether it holds an event of the chat at such an offset.
    func covers(_ chat: ChatID, where isMeant: (Offset) -> Bool) -> Bool {
        operations.contains { $0.operation.chat == chat && isMeant($0.allocation.offset) }
    }
}
