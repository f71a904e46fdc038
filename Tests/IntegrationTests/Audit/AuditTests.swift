import Audit
import Domain
import IOCore
import Messaging
import Mongo
import Postgres
import Storage
import Support
import Testing

@Suite(.realTime) struct AuditTests {
    @Test func `a healthy system gives no finding, however much is written meanwhile`() async throws {
        try await Self.withScene { scene in
            try await scene.load.during(scene.busy, scene.users) {
                for _ in 0..<4 {
                    let before = scene.load.writes
                    let outcome = try await scene.audit()
                    #expect(outcome.report.summary.isEmpty)
                    #expect(outcome.report.chats == 2 && outcome.report.messages > 0)
                    #expect(scene.load.writes > before, "there was a load")
                }
            }
            let after = try await scene.audit()
            #expect(after.report.summary.isEmpty && after.report.unsettled.count == 0)
        }
    }

    @Test func `every planted corruption is found under load, mended, and mended once`() async throws {
        try await Self.withScene { scene in
            try await scene.load.during(scene.busy, scene.users) {
                let expected = try await scene.plantEverything()
                let found = try await scene.audit()
                for kind in Set(expected.keys).union(found.report.summary.keys).sorted() {
                    #expect(found.report.summary[kind] == expected[kind], "\(kind)")
                }
                #expect(!found.isClean)

                let before = try await scene.silentChanges()
                let repaired = try await scene.audit(repairs: true)
                let after = try await scene.silentChanges()
                #expect(after > before, "what was cached before a repair is of another state")
                #expect(repaired.isClean, "\(repaired.remaining?.summary ?? [:])")
                #expect(!repaired.report.repairs.isEmpty && repaired.report.isMended)
                let contents = try await scene.contents()
                let again = try await scene.audit(repairs: true)
                #expect(again.report.summary.isEmpty && again.report.repairs.isEmpty)
                let last = try await scene.silentChanges()
                #expect(last == after)
                let untouched = try await scene.contents()
                #expect(contents == untouched)
            }
            let after = try await scene.audit()
            #expect(after.report.summary.isEmpty)
            try await scene.checkMended()
        }
    }

    @Test func `what nobody knows any more is left and reported, and a repair changes nothing`() async throws {
        try await Self.withScene { scene in
            let quiet = scene.quiet.rawValue
            try await scene.set(5) { $0.string("content", "forged") }
            // The event that renamed the chat: no body tells who did it.
            try await scene.sql(
                "UPDATE chat_events SET actor_id = \(scene.users[3].rawValue) WHERE chat_id = \(quiet) AND kind = 6"
            )
            try await scene.sql("ALTER TABLE chat_events DROP CONSTRAINT chat_events_op_unique")
            try await scene.sql(
                """
                UPDATE chat_events e SET op_id = f.op_id FROM chat_events f
                WHERE e.chat_id = \(quiet) AND f.chat_id = \(quiet) AND e.kind = 12 AND f.kind = 12 AND e."offset" > f."offset"
                """
            )
            let expected = ["altered_body": 1, "foreign_actor": 1, "duplicated_op": 1]
            for repairs in [false, true, true] {
                let before = try await scene.contents()
                let outcome = try await scene.audit(repairs: repairs)
                #expect(outcome.report.findings.reduce(into: [:]) { $0[$1.key.rawValue] = $1.value.count } == expected)
                #expect(!outcome.isClean)
                let after = try await scene.contents()
                #expect(before == after)
            }
        }
    }

    @Test func `one chat alone can be looked at`() async throws {
        try await Self.withScene { scene in
            try await scene.set(5) { $0.int64("sender_id", 1 << 40) }
            let other = try await scene.audit(chat: scene.busy)
            #expect(other.report.summary.isEmpty && other.report.chats == 1)
            let own = try await scene.audit(chat: scene.quiet)
            #expect(own.report.summary == ["altered_fields": ["\(scene.id(5))", "1"]])
        }
    }

    /// Runs a test on fresh stores with a scene in them.
    static func withScene(_ body: @Sendable @escaping (AuditScene) async throws -> Void) async throws {
        try await StorageFixture.run { fixture, _ in
            // A task that prefers the loop, so that the bodies of task groups stay on it.
            try await fixture.loop.run { _ in
                let stores = fixture.stores.value
                try await AuditLoad.run(fixture, stores) { load in
                    try await body(AuditScene(fixture, stores, load))
                }
            }
        }
    }
}
