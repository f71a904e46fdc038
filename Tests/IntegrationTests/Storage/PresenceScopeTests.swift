import Domain
import IOCore
import Postgres
import Storage
import Support
import Testing

/// Who may see how present somebody is, in real Postgres.
@Suite(.realTime) struct PresenceScopeTests {
    @Test func `who shares a small chat is told, and a chat of ten thousand costs nothing`() async throws {
        try await StorageFixture.run { fixture, stores in
            try await fixture.sql { client in
                try await client.withSession {
                    try await $0.run(
                        script: """
                            INSERT INTO users (username, email)
                            SELECT 'member' || g, 'member' || g || '@example.org' FROM generate_series(1, 10000) g
                            """
                    )
                }
            }
            // The database is new, so they are numbered from one.
            let members = (1...10_000).map { UserID(rawValue: $0) }
            let large = try await stores.group(of: members[0], with: Array(members.dropFirst()))
            let small = try await stores.group(of: members[0], with: [members[1]])
            let edge = try await stores.group(of: members[2], with: Array(members[3..<202]))
            let beyond = try await stores.group(of: members[2], with: Array(members[3..<203]))
            let alone = try await stores.group(of: members[0])
            let scope = stores.presenceScope
            let chats = try await scope.chats(of: [members[0], members[1], members[2], members[9_999]])
            #expect(chats[members[0]] == [small] && chats[members[1]] == [small])
            #expect(chats[members[2]] == [edge] && (chats[members[9_999]] ?? []).isEmpty)
            let seen = try await scope.members(of: [large, small, edge, beyond, alone])
            #expect(Set(seen.keys) == [small, edge])
            #expect(Set(seen[small] ?? []) == [members[0], members[1]] && seen[edge]?.count == 200)
        }
    }
}
