import Domain
import Glibc
import IOCore
import Postgres
import Storage
import Support
import Testing

/// What the twins in memory promise, of the real stores.
@Suite(.realTime) struct StorePortsTests {
    @Test(arguments: StoreScenario.all)
    func `the real stores keep the promise`(_ scenario: StoreScenario) async throws {
        try await StorageFixture.run { fixture, stores in
            let ports = StorePorts(
                accounts: stores.accounts,
                administration: stores.administration,
                people: stores.people,
                relations: stores.relations,
                directory: stores.chats,
                log: stores.commitLog,
                history: stores.history,
                purges: stores.purges,
                bodies: stores.bodies,
                tickets: stores.tickets,
                reads: stores.reads,
                personal: stores.personal,
                drafts: stores.drafts,
                threads: stores.threads,
                invites: stores.invites,
                memberships: stores.memberships,
                operations: stores.operations,
                search: stores.search,
                searchIndex: stores.searchIndex,
                called: { try await Self.called(in: $0, fixture) },
                now: now,
                pass: { await fixture.loop.sleep(for: .milliseconds($0)) }
            )
            try await scenario.run(ports)
        }
    }

    private static func called(in id: MessageID, _ fixture: StorageFixture) async throws -> CalledMembers {
        let query: PostgresQuery = """
            SELECT mentions_everyone, ARRAY(
                SELECT user_id FROM message_mentions m WHERE m.chat_id = d.chat_id AND m.seq = d.seq ORDER BY user_id)
            FROM message_metadata d WHERE chat_id = \(id.chat.rawValue) AND seq = \(id.sequence.rawValue)
            """
        return try await fixture.sql { client in
            let row = try #require(try await client.query(query).first)
            let users: [Int64] = try row.decode(1)
            return CalledMembers(users: users.map(UserID.init(rawValue:)), everyone: try row.decode(0))
        }
    }
}

/// The stores' clock is this machine's, in a test.
private func now() -> Timestamp {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
}
