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
                let steps = zip([fixture.stores, other.stores], others).map { node, someone in
                    Step(node: node) { stores in
                        if areContacts { return try await stores.relations.addContact(someone, of: user) }
                        _ = try await stores.relations.block(someone, by: user)
                    }
                }
                return try await Self.race(steps, behind: lock, fixture)
            }
            #expect(Set(outcomes) == [.done, .refused(.limitExceeded)] && outcomes.count == 2, "\(outcomes)")
            let kept = try await Self.count(areContacts ? "contacts" : "blocks", of: user, fixture)
            #expect(kept == limit)
        }
    }

    /// The first waits for the pair, which has no chat; then there is a chat, which the second locks before it waits.
    @Test func `a pair whose direct chat is made while both block waits in no circle`() async throws {
        try await StorageFixture.run { fixture, first in
            let users = try await first.users(2)
            let chat = try await first.commitLog.nextChatID()
            let pair = users.map(\.rawValue).sorted()
            let lock: PostgresQuery = "SELECT pg_advisory_xact_lock(duologue_pair_key(\(pair)))"
            let opening: PostgresQuery = """
                SELECT status FROM duologue_create_chat(\(chat.rawValue), \(pair[0]),
                    jsonb_build_object('type', 'direct', 'participants', jsonb_build_array(\(pair[1])::bigint)), now())
                """
            let outcomes = try await StorageFixture.runNode(besides: fixture) { other, _ in
                let steps = [
                    Step(node: fixture.stores) { _ = try await $0.relations.block(users[1], by: users[0]) },
                    Step(node: other.stores, begins: "SELECT count(*) FROM direct_chats") {
                        _ = try await $0.relations.block(users[0], by: users[1])
                    },
                ]
                return try await Self.race(steps, behind: lock, opening: opening, fixture)
            }
            #expect(outcomes == [.done, .done])
            let closed = try await first.history.closedByBlock([chat], for: users[0])
            #expect(closed == [chat: true])
        }
    }

    // MARK: Steps

    /// What one node is asked for, once a count is no longer zero: that the lock is held, unless said otherwise.
    private struct Step: Sendable {
        let node: LoopBound<LoopStores>
        var begins: PostgresQuery = """
            SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'
            """
        let body: @Sendable (LoopStores) async throws -> Void
    }

    private enum Outcome: Hashable, Sendable {
        case held
        case done
        case refused(Failure.Code)
    }

    /// Takes the steps while a transaction holds `lock`; it ends when all of them wait, and runs `opening` when the first does.
    private static func race(
        _ steps: [Step],
        behind lock: PostgresQuery,
        opening: PostgresQuery? = nil,
        _ fixture: StorageFixture
    ) async throws -> [Outcome] {
        try await withThrowingTaskGroup(of: Outcome.self) { group in
            group.addTask {
                try await hold(lock, opening: opening, until: steps.count, fixture)
                return .held
            }
            for step in steps {
                group.addTask {
                    try await eventually("a step may begin") {
                        try await number(step.begins, fixture) > 0
                    }
                    return try await take(step)
                }
            }
            return try await group.reduce(into: []) { if $1 != .held { $0.append($1) } }
        }
    }

    private static func take(_ step: Step) async throws -> Outcome {
        try await step.node.loop.run { _ in
            do {
                try await step.body(step.node.value)
                return .done
            } catch let failure as Failure {
                return .refused(failure.code)
            }
        }
    }

    private static func hold(
        _ lock: PostgresQuery,
        opening: PostgresQuery?,
        until waiters: Int,
        _ fixture: StorageFixture
    ) async throws {
        try await fixture.sql { client in
            try await client.withSession { session in
                try await session.execute("BEGIN")
                try await session.execute(lock)
                if let opening {
                    try await wait(for: 1, client)
                    try await client.execute(opening)
                }
                try await wait(for: waiters, client)
                try await session.execute("COMMIT")
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
        return try await number(query, fixture)
    }

    private static func number(_ query: PostgresQuery, _ fixture: StorageFixture) async throws -> Int {
        try await fixture.sql { client in
            Int(try await client.query(query).first?.decode(0, as: Int64.self) ?? -1)
        }
    }
}
