import Domain
import IOCore
import Postgres
import Storage
import Support
import Testing

/// Contacts and blocks that two nodes change at the same moment, each stopped by a lock where it would do harm.
@Suite(.realTime) struct RelationRaceTests {
    @Test(arguments: [true, false])
    func `two that are added at once beside one free place are one`(areContacts: Bool) async throws {
        try await StorageFixture.run { fixture, first in
            let users = try await first.users(3)
            let (user, others) = (users[0], Array(users[1...]))
            let limit = areContacts ? RelationLimits.contacts : RelationLimits.blocks
            try await Self.fill(areContacts ? "contacts" : "blocks", of: user, limit - 1, fixture)
            // Both have counted, or one waits for the other to: nobody can write what refers to a locked row.
            let lock: PostgresQuery = "SELECT FROM users WHERE id = ANY (\(others.map(\.rawValue))) FOR UPDATE"
            let outcomes = try await StorageFixture.runNode(besides: fixture) { other, _ in
                let nodes = [fixture.stores, other.stores]
                return try await Self.behind(lock, waiters: 2, fixture) {
                    zip(nodes, others).map { node, someone in
                        Self.attempt(on: node) { stores in
                            if areContacts { return try await stores.relations.addContact(someone, of: user) }
                            _ = try await stores.relations.block(someone, by: user)
                        }
                    }
                }
            }
            #expect(outcomes.filter { $0 == nil }.count == 1 && outcomes.contains(.limitExceeded), "\(outcomes)")
            let kept = try await Self.count(areContacts ? "contacts" : "blocks", of: user, fixture)
            #expect(kept == limit)
        }
    }

    @Test func `a pair whose direct chat is made while both block waits in no circle`() async throws {
        try await StorageFixture.run { fixture, first in
            let users = try await first.users(2)
            let chat = try await first.commitLog.nextChatID()
            let outcomes = try await StorageFixture.runNode(besides: fixture) { other, _ in
                try await Self.inCircle(users, chat, [fixture.stores, other.stores], fixture)
            }
            #expect(outcomes == [nil, nil])
            let closed = try await first.history.closedByBlock([chat], for: users[0])
            #expect(closed == [chat: true])
        }
    }

    // MARK: Steps

    typealias Attempt = @Sendable () async throws -> Failure.Code?

    /// Calls a node's stores; nil where that went well.
    private static func attempt(
        on node: LoopBound<LoopStores>,
        _ body: @Sendable @escaping (LoopStores) async throws -> Void
    ) -> Attempt {
        {
            try await node.loop.run { _ in
                do {
                    try await body(node.value)
                    return nil
                } catch let failure as Failure {
                    return failure.code
                }
            }
        }
    }

    /// Runs the attempts at once while a transaction holds `lock`, which it gives back when so many wait.
    private static func behind(
        _ lock: PostgresQuery,
        waiters: Int,
        _ fixture: StorageFixture,
        _ attempts: () -> [Attempt]
    ) async throws -> [Failure.Code?] {
        let attempts = attempts()
        return try await fixture.sql { client in
            try await client.withSession { session in
                try await session.execute("BEGIN")
                try await session.execute(lock)
                return try await withThrowingTaskGroup(of: Failure.Code?.self) { group in
                    for attempt in attempts { group.addTask { try await attempt() } }
                    try await wait(for: waiters, client)
                    try await session.execute("COMMIT")
                    return try await group.reduce(into: []) { $0.append($1) }
                }
            }
        }
    }

    /// The first waits for the pair, which has no chat; then there is a chat, which the second locks before it waits.
    private static func inCircle(
        _ users: [UserID],
        _ chat: ChatID,
        _ nodes: [LoopBound<LoopStores>],
        _ fixture: StorageFixture
    ) async throws -> [Failure.Code?] {
        let pair = users.map(\.rawValue).sorted()
        let attempts = [0, 1].map { index in
            attempt(on: nodes[index]) { stores in
                _ = try await stores.relations.block(users[1 - index], by: users[index])
            }
        }
        return try await fixture.sql { client in
            try await client.withSession { session in
                try await session.execute("SELECT pg_advisory_lock(duologue_pair_key(\(pair)))")
                return try await withThrowingTaskGroup(of: Failure.Code?.self) { group in
                    group.addTask { try await attempts[0]() }
                    try await wait(for: 1, client)
                    try await client.execute(
                        """
                        SELECT status FROM duologue_create_chat(\(chat.rawValue), \(pair[0]),
                            jsonb_build_object('type', 'direct', 'participants', jsonb_build_array(\(pair[1]))), now())
                        """
                    )
                    group.addTask { try await attempts[1]() }
                    try await wait(for: 2, client)
                    try await session.execute("SELECT pg_advisory_unlock(duologue_pair_key(\(pair)))")
                    return try await group.reduce(into: []) { $0.append($1) }
                }
            }
        }
    }

    /// Until so many of this database's connections wait for a lock.
    private static func wait(for count: Int, _ client: PostgresClient) async throws {
        try await eventually("\(count) wait for a lock") {
            let rows = try await client.query(
                """
                SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                """
            )
            return try rows.first?.decode(0, as: Int64.self) == Int64(count)
        }
    }

    /// Writes rows that refer to nobody: the limit counts them, and users would take longer to make.
    private static func fill(_ table: String, of user: UserID, _ count: Int, _ fixture: StorageFixture) async throws {
        try await fixture.sql { client in
            try await client.withSession { session in
                try await session.run(
                    script: """
                        SET session_replication_role = replica;
                        INSERT INTO \(table) SELECT \(user.rawValue), 1000000 + n, now() FROM generate_series(1, \(count)) n;
                        RESET session_replication_role;
                        """
                )
            }
        }
    }

    private static func count(_ table: String, of user: UserID, _ fixture: StorageFixture) async throws -> Int {
        let query: PostgresQuery =
            table == "contacts"
            ? "SELECT count(*) FROM contacts WHERE user_id = \(user.rawValue)"
            : "SELECT count(*) FROM blocks WHERE user_id = \(user.rawValue)"
        return try await fixture.sql { client in
            Int(try await client.query(query).first?.decode(0, as: Int64.self) ?? -1)
        }
    }
}
