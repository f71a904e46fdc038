import Domain
import Postgres
import Storage
import Support
import Testing

/// That looking for people costs what a page holds, however many there are.
@Suite(.serialized, .realTime) struct UserSearchTests {
    @Test func `a page out of a hundred thousand people is read from the index alone, in its order`() async throws {
        try await StorageFixture.run { fixture, stores in
            let url = fixture.databases.postgresURL
            let lines = try await withPostgres(url: url, configure: { $0.deadline = .seconds(120) }) { client, _ in
                try await client.withSession { session in
                    try await session.run(script: Self.people, deadline: .seconds(120))
                    try await session.run(script: Self.explain, deadline: .seconds(60))
                }
                return try await client.query("SELECT line FROM search_plan ORDER BY n").map {
                    row throws(PostgresError) in try row.decode(0, as: String.self)
                }
            }
            let plan = lines.joined(separator: "\n")
            #expect(plan.contains("Index Only Scan using user_words_pkey on user_words w"), "\(plan)")
            #expect(!plan.contains("Sort") && !plan.contains("Seq Scan on user_words"), "\(plan)")
            // Of the hundred thousand words that begin so, no more are read than the page has.
            #expect(plan.contains("on user_words w (actual rows=51 loops=1)"), "\(plan)")
            let viewer = try await stores.users(1)[0]
            let page = try await stores.people.search("MULLER 9", for: viewer, limit: 3, cursor: nil)
            #expect(page.items.count == 3 && page.next != nil)
            #expect(page.items.allSatisfy { $0.fullName?.hasPrefix("Müller 9") == true })
            let count = try await stores.people.count("user", for: viewer)
            #expect(count == SearchLimits.people)
        }
    }

    @Test func `people are looked for over the connections of searches, and not over those of senders`() async throws {
        try await StorageFixture.run { fixture, stores in
            let viewer = try await stores.users(1)[0]
            let searching = fixture.databases.stores.postgres.applicationName + " search"
            _ = try await stores.people.search("user", for: viewer, limit: 3, cursor: nil)
            let found = try await Self.applications(running: "duologue_search_users(", in: fixture)
            #expect(found == [searching])
            _ = try await stores.people.count("user", for: viewer)
            let counted = try await Self.applications(running: "duologue_count_users(", in: fixture)
            #expect(counted == [searching])
        }
    }

    /// What those connections are called whose last statement has this in it.
    private static func applications(running text: String, in fixture: StorageFixture) async throws -> [String] {
        try await fixture.sql { client in
            try await client.query(
                """
                SELECT application_name FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid() AND strpos(query, \(text)) > 0
                """
            ).map { row throws(PostgresError) in try row.decode(0, as: String.self) }
        }
    }

    private static let people = """
        ALTER TABLE users DISABLE TRIGGER USER;
        INSERT INTO users (username, email, full_name)
        SELECT 'user' || i, 'user' || i || '@example.org', (ARRAY['Ada', 'Müller'])[1 + i % 2] || ' ' || i
        FROM generate_series(1, 100000) i;
        INSERT INTO user_words (word, user_id)
        SELECT w.word, u.id FROM users u, unnest(duologue_name_words(u.username, u.full_name)) AS w(word);
        ALTER TABLE users ENABLE TRIGGER USER;
        ANALYZE user_words;
        """

    /// The statement of the function, planned as it is inside.
    private static let explain = """
        CREATE TABLE search_plan (n serial, line text);
        DO $$
        DECLARE
            v_body    text;
            v_settings text[];
            v_setting text;
            v_line    text;
        BEGIN
            SELECT prosrc, proconfig INTO v_body, v_settings FROM pg_proc WHERE proname = 'duologue_search_users';
            FOREACH v_setting IN ARRAY v_settings LOOP
                PERFORM set_config(split_part(v_setting, '=', 1), split_part(v_setting, '=', 2), true);
            END LOOP;
            PERFORM set_config('plan_cache_mode', 'force_generic_plan', true);
            v_body := replace(v_body, 'p_after_word', '$3');
            v_body := replace(v_body, 'p_after_user', '$4');
            v_body := replace(v_body, 'p_user', '$1');
            v_body := replace(v_body, 'p_words', '$2');
            v_body := replace(v_body, 'p_skip', '$5');
            v_body := replace(v_body, 'p_limit', '$6');
            EXECUTE 'PREPARE search (bigint, text[], text, bigint, bigint, bigint) AS ' || v_body;
            FOR v_line IN EXECUTE
                $q$EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) EXECUTE search (0, ARRAY['user'], '', 0, 0, 51)$q$
            LOOP
                INSERT INTO search_plan (line) VALUES (v_line);
            END LOOP;
        END
        $$;
        """
}
