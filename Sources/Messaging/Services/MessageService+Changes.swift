package import Domain

extension MessageService {
    /// What became of a change: both stores hold it.
    package struct Changed: Sendable {
        /// The event that made things so; nil where they were as asked already and no event is known.
        package let offset: Offset?
        /// Whether the same operation was done before.
        package let isDuplicate: Bool
        /// The message as this very change left it, where the commit told all of it.
        package let message: Message?
    }

    /// How often a change is tried on a message that others keep changing.
    private static let tries = 32

    /// Replaces what a message says; only its sender may.
    ///
    /// Of two edits at once both become events, and the one with the higher offset stands.
    /// - Throws: `rate_limited` for one link too many of a young account, `chat_not_found`, `message_not_found`, also for a
    ///   deleted message, `forbidden`, `idempotency_mismatch`, `overloaded` when others kept changing the message, and what the
    ///   coordinator throws.
    package func edit(
        _ message: MessageID,
        _ edit: MessageEdit,
        by user: UserID,
        id: OperationID
    ) async throws -> Changed {
        try await spamGuard?.check(edit, in: message.chat, id: id, by: user)
        return try await change(message, by: user, id: id) { .editMessage(edit, of: $0) }
    }

    /// Turns a message into a tombstone; its sender may, and owners and admins.
    ///
    /// A deleted message stays as it is.
    ///
    /// Throws what `edit` throws.
    package func delete(_ message: MessageID, by user: UserID, id: OperationID) async throws -> Changed {
        try await change(message, by: user, id: id) { .deleteMessage($0) }
    }

    /// Brings a deleted message back as it was; those may who may delete it.
    ///
    /// - Throws: `conflict` when it was deleted too long ago, and what `edit` throws.
    package func restore(_ message: MessageID, by user: UserID, id: OperationID) async throws -> Changed {
        try await change(message, by: user, id: id) { .restoreMessage($0) }
    }

    /// Adds an emoji of the user's to a message or takes it away; any member may.
    ///
    /// - Throws: `chat_not_found`, `message_not_found`, also for a deleted message, `idempotency_mismatch`, and what the
    ///   coordinator throws.
    package func react(
        to message: MessageID,
        with emoji: String,
        isOn: Bool,
        by user: UserID,
        id: OperationID
    ) async throws -> Changed {
        try await submit(Self.reaction(to: message, with: emoji, isOn: isOn, by: user, id: id))
    }

    /// The operation of a reaction, for callers with a way of their own to the lane.
    package static func reaction(
        to message: MessageID,
        with emoji: String,
        isOn: Bool,
        by user: UserID,
        id: OperationID
    ) -> Operation {
        let body = Operation.Body.react(message.sequence, emoji: emoji, isOn: isOn)
        return OperationCodec.operation(chat: message.chat, actor: user, id: id, body: body)
    }

    /// Pins a message for all members or unpins it; any member may.
    ///
    /// - Throws: `limit_exceeded`, and what `react` throws.
    package func pin(_ message: MessageID, isOn: Bool, by user: UserID, id: OperationID) async throws -> Changed {
        let body = Operation.Body.pin(message.sequence, isOn: isOn)
        return try await submit(OperationCodec.operation(chat: message.chat, actor: user, id: id, body: body))
    }

    private func submit(_ operation: Operation) async throws -> Changed {
        guard let changed = try await Changed(gate.submit(operation), of: operation) else {
            throw Failure(.internal, "A change without an old document was refused for its revision.")
        }
        return changed
    }

    /// Makes an operation of the message as it is, again and again until nobody changes it in between.
    private func change(
        _ message: MessageID,
        by user: UserID,
        id: OperationID,
        _ body: (MessageImage) -> Operation.Body
    ) async throws -> Changed {
        for _ in 0..<Self.tries {
            let old = try await reader.image(of: message, for: user)
            let operation = OperationCodec.operation(chat: message.chat, actor: user, id: id, body: body(old))
            if let changed = try await Changed(gate.submit(operation), of: operation) { return changed }
        }
        throw Failure(.overloaded, "The message is being changed by others; try again.")
    }
}

extension MessageService.Changed {
    /// Reads the lane's answer; nil when the message has changed since its old document was read.
    package init?(_ outcome: CommitLane.Outcome, of operation: Operation) throws(Failure) {
        switch outcome {
        case .committed(let allocation):
            let message = Self.message(CommittedOperation(operation: operation, allocation: allocation))
            self.init(offset: allocation.offset, isDuplicate: false, message: message)
        case .duplicate(let allocation):
            self.init(offset: allocation.offset, isDuplicate: true, message: nil)
        case .unchanged(let offset): self.init(offset: offset, isDuplicate: false, message: nil)
        case .moved: return nil
        case .existingChat: throw Failure(.internal, "A change was answered as a new chat.")
        }
    }

    private static func message(_ committed: CommittedOperation) -> Message? {
        guard case .message? = committed.allocation.facts else { return nil }
        return PostImages.messageImage(of: committed).map { Message($0, committed.allocation.facts) }
    }
}
