package import Domain
internal import Postgres

/// How far chats are, and where memberships begin.
extension PostgresChatDirectory {
    package func heads(of user: UserID, only chat: ChatID?) async throws -> [ChatHead] {
        let query = chat.map { Self.head(of: user, in: $0) } ?? Self.heads(of: user)
        return try await postgres { () throws(PostgresError) in
            try await client.query(query).map { row throws(PostgresError) in
                ChatHead(
                    chat: try row.id(0),
                    lastSequence: try row.id(1),
                    lastOffset: try row.id(2),
                    readSequence: try row.id(3),
                    unread: try row.decode(4),
                    joinedOffset: try row.id(5),
                    committedOffset: try row.id(6)
                )
            }
        }
    }

    private static func heads(of user: UserID) -> PostgresQuery {
        let query: PostgresQuery = """
            SELECT chat_id, last_seq, last_offset, read_seq, unread, joined_offset, committed_offset
            FROM duologue_user_heads(\(user.rawValue))
            """
        return query.named("user_heads")
    }

    /// The function is inlined, so no other chat of the user is looked at.
    private static func head(of user: UserID, in chat: ChatID) -> PostgresQuery {
        let query: PostgresQuery = """
            SELECT chat_id, last_seq, last_offset, read_seq, unread, joined_offset, committed_offset
            FROM duologue_user_heads(\(user.rawValue)) WHERE chat_id = \(chat.rawValue)
            """
        return query.named("user_head")
    }

    package func announcedOffsets(of chats: [ChatID]) async throws -> [ChatID: Offset] {
        let query: PostgresQuery = """
            SELECT chat_id, last_offset FROM duologue_heads(\(chats.map(\.rawValue)))
            """
        return try await postgres { () throws(PostgresError) in
            var offsets: [ChatID: Offset] = [:]
            for row in try await client.query(query.named("heads")) { offsets[try row.id(0)] = try row.id(1) }
            return offsets
        }
    }

    package func announcedMemberships(of users: [UserID]) async throws -> [MembershipStart] {
        let query: PostgresQuery = """
            SELECT user_id, chat_id, joined_offset FROM duologue_memberships(\(users.map(\.rawValue)))
            """
        return try await postgres { () throws(PostgresError) in
            try await client.query(query.named("memberships")).map { row throws(PostgresError) in
                MembershipStart(user: try row.id(0), chat: try row.id(1), offset: try row.id(2))
            }
        }
    }
}
