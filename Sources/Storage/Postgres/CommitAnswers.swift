internal import Domain
internal import Postgres

/// Reads the answers of `duologue_commit`.
enum CommitAnswers {
    /// One row in the order of columns that the statement names, for an operation of this kind.
    static func result(_ row: PostgresRow, kind: EventKind) throws(PostgresError) -> CommitResult {
        let status: String = try row.decode(0)
        switch status {
        case "committed": return .committed(try allocation(row, kind))
        case "duplicate":
            let pending = try pending(row)
            if let pending, try row.decode(11, as: Bool?.self) == true { return .setAside(pending) }
            return .duplicate(try allocation(row, kind), pending: pending)
        case "unchanged": return .unchanged(try row.optionalID(3), pending: try pending(row))
        case "existing": return .existingChat(try row.id(1))
        case "moved": return .moved
        case "busy": return .busy
        default: return .refused(refusal(status, of: kind))
        }
    }

    private static func allocation(_ row: PostgresRow, _ kind: EventKind) throws(PostgresError) -> Allocation {
        Allocation(
            offset: try row.id(3),
            sequence: try row.optionalID(2),
            at: try row.timestamp(4),
            thread: ThreadState(
                root: try row.decode(5),
                replies: try row.decode(6),
                last: try row.decode(7),
                at: try row.decode(8)
            ),
            facts: try EventFactsReader.facts(of: kind, try row.decode(9))
        )
    }

    private static func pending(_ row: PostgresRow) throws(PostgresError) -> BatchID? {
        try row.decode(10, as: PostgresUUID?.self).map(BatchID.init)
    }

    private static func refusal(_ status: String, of kind: EventKind) -> Failure {
        switch status {
        case "idempotency_mismatch":
            Failure(.idempotencyMismatch, "The id was used for another operation before.")
        case "chat_not_found": .chatNotFound
        case "message_not_found": Failure(.messageNotFound, "The message referred to does not exist.")
        case "user_not_found": Failure(.userNotFound, "There is no such user here.")
        case "forbidden": Failure(.forbidden, "Your role does not allow this.")
        case "blocked": Failure(.blocked, "There is a block between you and somebody this needs.")
        case "last_owner": .lastOwner
        case "limit_exceeded" where kind == .reactionAdded:
            Failure(.limitExceeded, "A message has at most \(ReactionGroup.emojiLimit) different emojis.")
        case "limit_exceeded": Failure(.limitExceeded, "The chat has as many as it may have.")
        case "too_many_chats":
            Failure(.limitExceeded, "Somebody whom this takes in is in \(User.chatLimit) chats already.")
        case "too_late": Failure(.conflict, "The message was deleted too long ago to be restored.")
        case "quarantined":
            Failure(
                .storeUnavailable,
                "The chat takes no writes until an earlier one is mended.",
                retryAfter: .seconds(60)
            )
        default: Failure(.internal, "The operation could not be decided.")
        }
    }
}
