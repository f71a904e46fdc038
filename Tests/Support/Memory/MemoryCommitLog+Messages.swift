internal import Domain

/// What happens to messages.
extension MemoryCommitLog {
    func createMessage(
        _ draft: MessageDraft,
        _ operation: Operation,
        in row: MemoryDatabase.ChatRow
    ) -> CommitResult {
        var row = row
        let sequence = SequenceNumber(rawValue: row.chat.lastSequence.rawValue + 1)
        if let replyTo = draft.replyTo, replyTo.rawValue < 1 || replyTo >= sequence {
            return .refused(Self.messageNotFound)
        }
        var thread: ThreadState?
        if let root = draft.threadRoot {
            let index = Int(root.rawValue) - 1
            guard row.messages.indices.contains(index), row.messages[index].threadRoot == nil else {
                return .refused(Self.messageNotFound)
            }
            row.messages[index].metadata.replyCount += 1
            row.messages[index].metadata.lastReply = sequence
            row.messages[index].lastReplyAt = database.now
            thread = Self.thread(root, in: row)
        }
        let offset = row.chat.lastOffset.next
        let metadata = MessageMetadata(
            sequence: sequence,
            revision: offset,
            createdOffset: offset,
            isDeleted: false,
            replyCount: 0
        )
        row.messages.append(
            .init(
                metadata: metadata,
                sender: operation.actor,
                type: draft.type,
                threadRoot: draft.threadRoot,
                createdAt: database.now
            )
        )
        Self.mention(draft.mentions, at: row.messages.count - 1, in: &row)
        return allocate(operation, in: row, thread: thread)
    }

    /// Members count, as of now, and the sender does not.
    private static func mention(_ mentions: [Mention], at index: Int, in row: inout MemoryDatabase.ChatRow) {
        let isForEveryone = mentions.contains(.all) || mentions.contains(.here)
        let named = mentions.compactMap { if case .user(let user) = $0 { user } else { nil } }
        let members = Set(row.members.map(\.user)).subtracting([row.messages[index].sender])
        row.messages[index].mentionsEveryone = isForEveryone
        row.messages[index].mentioned = isForEveryone ? [] : members.intersection(named)
    }

    /// Edits, deletes or restores.
    func changeBody(
        _ operation: Operation,
        by actor: MemoryDatabase.Member,
        in row: MemoryDatabase.ChatRow
    ) -> CommitResult {
        var row = row
        guard let target = operation.target else { return .refused(Self.messageNotFound) }
        let index = Int(target.rawValue) - 1
        let message = row.messages[index]
        if let refusal = verdict(message, by: actor, operation) { return refusal }

        row.messages[index].metadata.revision = row.chat.lastOffset.next
        row.messages[index].metadata.isDeleted = operation.kind == .messageDeleted
        row.messages[index].deletedAt = operation.kind == .messageDeleted ? database.now : nil
        if case .editMessage(let edit, _) = operation.body, let mentions = edit.mentions {
            Self.mention(mentions, at: index, in: &row)
        }
        if operation.kind == .messageDeleted { row.pins[target] = nil }
        if operation.kind != .messageUpdated, let root = message.threadRoot { Self.recount(root, in: &row) }
        return allocate(
            operation,
            in: row,
            thread: operation.kind == .messageUpdated ? nil : message.threadRoot.map { Self.thread($0, in: row) },
            facts: operation.kind == .messageDeleted ? nil : Self.facts(of: message, in: row)
        )
    }

    /// What keeps a body from being changed: rights, then its state, then that the caller has not seen the latest.
    private func verdict(
        _ message: MemoryDatabase.MessageRow,
        by actor: MemoryDatabase.Member,
        _ operation: Operation
    ) -> CommitResult? {
        let isEdit = operation.kind == .messageUpdated
        let isServers = message.type == .system || message.type == .call
        if isEdit, message.metadata.isDeleted { return .refused(Self.messageNotFound) }
        let isAllowed = message.sender == actor.user || (!isEdit && actor.role != .member)
        guard isAllowed, !(isEdit && isServers) else { return .refused(Self.forbidden) }
        if !isEdit, message.metadata.isDeleted == (operation.kind == .messageDeleted) {
            return .unchanged(message.metadata.revision, pending: nil)
        }
        if let deletedAt = message.deletedAt, message.isPurged || deletedAt < database.now - 86_400_000 {
            return .refused(Failure(.conflict, "It is too late to restore the message."))
        }
        return message.metadata.revision == operation.expectedRevision ? nil : .moved
    }

    func react(
        _ sequence: SequenceNumber,
        _ emoji: String,
        _ isOn: Bool,
        _ operation: Operation,
        in row: MemoryDatabase.ChatRow
    ) -> CommitResult {
        guard !row.messages[Int(sequence.rawValue) - 1].metadata.isDeleted else {
            return .refused(Self.messageNotFound)
        }
        let latest = row.events.last {
            guard case .react(sequence, emoji, _) = $0.committed.operation.body else { return false }
            return $0.committed.operation.actor == operation.actor
        }
        let wasOn = latest?.committed.operation.kind == .reactionAdded
        guard wasOn != isOn else { return .unchanged(latest?.offset, pending: nil) }
        let emojis = Set(Self.reactions(on: sequence, in: row).map(\.emoji))
        guard !isOn || emojis.contains(emoji) || emojis.count < ReactionGroup.emojiLimit else {
            return .refused(Failure(.limitExceeded, "The message has a hundred emojis."))
        }
        return allocate(operation, in: row)
    }

    func pin(
        _ sequence: SequenceNumber,
        _ isOn: Bool,
        _ operation: Operation,
        in row: MemoryDatabase.ChatRow
    ) -> CommitResult {
        var row = row
        guard !row.messages[Int(sequence.rawValue) - 1].metadata.isDeleted else {
            return .refused(Self.messageNotFound)
        }
        guard isOn != (row.pins[sequence] != nil) else { return .unchanged(row.pins[sequence], pending: nil) }
        guard !isOn || row.pins.count < 100 else {
            return .refused(Failure(.limitExceeded, "The chat has a hundred pins."))
        }
        row.pins[sequence] = isOn ? row.chat.lastOffset.next : nil
        return allocate(operation, in: row)
    }

    // MARK: Counting

    private static func thread(_ root: SequenceNumber, in row: MemoryDatabase.ChatRow) -> ThreadState {
        let message = row.messages[Int(root.rawValue) - 1]
        return ThreadState(
            root: root,
            replyCount: message.metadata.replyCount,
            lastReply: message.metadata.lastReply,
            lastReplyAt: message.lastReplyAt
        )
    }

    /// Counts the replies that are there.
    private static func recount(_ root: SequenceNumber, in row: inout MemoryDatabase.ChatRow) {
        let replies = row.messages.filter { $0.threadRoot == root && !$0.metadata.isDeleted }
        let index = Int(root.rawValue) - 1
        row.messages[index].metadata.replyCount = replies.count
        row.messages[index].metadata.lastReply = replies.last?.metadata.sequence
        row.messages[index].lastReplyAt = replies.last?.createdAt
    }

    /// The reactions that are on, the oldest first.
    private static func reactions(on sequence: SequenceNumber, in row: MemoryDatabase.ChatRow) -> [ReactionID] {
        var latest: [ReactionID: (offset: Offset, isOn: Bool)] = [:]
        for event in row.events {
            guard case .react(sequence, let emoji, let isOn) = event.committed.operation.body else { continue }
            let id = MessageID(chat: row.chat.id, sequence: sequence)
            let user = event.committed.operation.actor
            latest[ReactionID(message: id, user: user, emoji: emoji)] = (event.offset, isOn)
        }
        return latest.filter(\.value.isOn).sorted { $0.value.offset < $1.value.offset }.map(\.key)
    }

    private static func facts(
        of message: MemoryDatabase.MessageRow,
        in row: MemoryDatabase.ChatRow
    ) -> EventFacts {
        var summaries: [ReactionSummary] = []
        for id in reactions(on: message.metadata.sequence, in: row) {
            if let index = summaries.firstIndex(where: { $0.emoji == id.emoji }) {
                summaries[index].count += 1
                if summaries[index].users.count < 20 { summaries[index].users.append(id.user) }
            } else {
                summaries.append(ReactionSummary(emoji: id.emoji, count: 1, users: [id.user]))
            }
        }
        return .message(
            replyCount: message.metadata.replyCount,
            lastReply: message.metadata.lastReply,
            reactions: Array(summaries.prefix(ReactionGroup.emojiLimit))
        )
    }
}
