internal import Audit
internal import Domain
internal import Postgres

extension AuditSelection where Key == MessageID {
    /// The parameters of a statement that answers either form: after which message of which chats, how many, and which ones.
    var parameters: AuditParameters { AuditParameters(self) { ($0, 0, "") } }
}

/// What the statements of the audit take, whichever form the selection has.
struct AuditParameters {
    var chat: Int64 = 0
    var sequence: Int64 = 0
    /// The third part of the key: an offset or a user.
    var detail: Int64 = 0
    var emoji = ""
    var lastChat: Int64 = 0
    var limit: Int64 = 0
    var chats: [Int64] = []
    var sequences: [Int64] = []
    var details: [Int64] = []
    var emojis: [String] = []

    /// Takes a selection apart; `parts` gives the message, and what follows it in the key.
    init<Key: AuditKey>(_ selection: AuditSelection<Key>, _ parts: (Key) -> (MessageID, Int64, String)) {
        switch selection {
        case .window(let after, let chats, let limit):
            chat = chats.lowerBound
            if let after {
                let (message, detail, emoji) = parts(after)
                (chat, sequence) = (message.chat.rawValue, message.sequence.rawValue)
                (self.detail, self.emoji) = (detail, emoji)
            }
            lastChat = chats.upperBound
            self.limit = Int64(limit)
        case .keys(let keys):
            for key in keys {
                let (message, detail, emoji) = parts(key)
                chats.append(message.chat.rawValue)
                sequences.append(message.sequence.rawValue)
                details.append(detail)
                emojis.append(emoji)
            }
        }
    }
}

extension PostgresRow {
    /// The message that two columns name.
    func message(_ column: Int) throws(PostgresError) -> MessageID {
        MessageID(chat: try id(column), sequence: try id(column + 1))
    }

    /// The event in seven columns: offset, kind, message, actor, operation, hash, time; nil where the first is null.
    func event(_ column: Int) throws(PostgresError) -> EventRecord? {
        guard let offset = try optionalID(column, as: Offset.self) else { return nil }
        return EventRecord(
            offset: offset,
            kind: try kind(column + 1),
            sequence: try optionalID(column + 2),
            actor: try id(column + 3),
            operation: OperationID(try decode(column + 4, as: PostgresUUID.self)),
            hash: try decode(column + 5),
            at: try timestamp(column + 6)
        )
    }
}
