package import Domain
package import Postgres

/// Who may see whom, from the memberships in Postgres.
///
/// Loop-bound, like its client.
package final class PostgresPresenceScope: PresenceScope {
    private let client: PostgresClient

    /// Reads through `client`.
    package init(client: PostgresClient) {
        self.client = client
    }

    package func chats(of users: [UserID]) async throws -> [UserID: [ChatID]] {
        let query: PostgresQuery = """
            SELECT user_id, chat_id
            FROM duologue_presence_chats(\(users.map(\.rawValue)), \(Int32(PresenceLimits.chatMembers)))
            """
        return try await postgres { () throws(PostgresError) in
            var chats: [UserID: [ChatID]] = [:]
            for row in try await client.query(query.named("presence_chats")) {
                chats[try row.id(0), default: []].append(try row.id(1))
            }
            return chats
        }
    }

    package func members(of chats: [ChatID]) async throws -> [ChatID: [UserID]] {
        let query: PostgresQuery = """
            SELECT chat_id, user_id
            FROM duologue_presence_members(\(chats.map(\.rawValue)), \(Int32(PresenceLimits.chatMembers)))
            """
        return try await postgres { () throws(PostgresError) in
            var members: [ChatID: [UserID]] = [:]
            for row in try await client.query(query.named("presence_members")) {
                members[try row.id(0), default: []].append(try row.id(1))
            }
            return members
        }
    }

    package func reserves(of users: [UserID]) async throws -> [UserID: PresenceReserve] {
        let query: PostgresQuery = """
            SELECT user_id, keeps_last_seen, coalesce(hidden, '{}') FROM duologue_presence_reserves(\(users.map(\.rawValue)))
            """
        return try await postgres { () throws(PostgresError) in
            var reserves: [UserID: PresenceReserve] = [:]
            for row in try await client.query(query.named("presence_reserves")) {
                let hidden = try row.decode(2, as: [Int64].self).map(UserID.init(rawValue:))
                reserves[try row.id(0)] = PresenceReserve(hidden: Set(hidden), keepsLastSeen: try row.decode(1))
            }
            return reserves
        }
    }
}
