import Audit
import Domain
import IOCore
import Messaging
import Mongo
import Postgres
import Storage
import Support
import Testing

/// What a repair must not make worse: history and content that it cannot know.
@Suite(.realTime) struct AuditLossTests {
    @Test func `a missing tail of events is reported, and never taken for the truth`() async throws {
        try await AuditTests.withScene { scene in
            let quiet = scene.quiet.rawValue
            let ada = scene.users[0]
            _ = try await scene.load.messages.edit(scene.id(30), MessageEdit(content: "edited"), by: ada, id: .random())
            try await scene.settleRedo()
            // The removal of a member, a new name, and the edit.
            try await scene.sql(
                #"""
                DELETE FROM chat_events e USING chats c
                WHERE c.id = \#(quiet) AND e.chat_id = c.id AND e."offset" > c.last_offset - 3
                """#
            )
            let before = try await scene.contents()
            for repairs in [false, true, true] {
                let outcome = try await scene.audit(repairs: repairs)
                #expect(!outcome.isClean)
                #expect(outcome.report.findings[.offsetHole]?.count == 3)
                #expect(outcome.report.findings[.counterDrift] == nil)
                #expect(outcome.report.findings[.membershipDrift] == nil)
                let reasons = outcome.report.remaining.keys.filter { $0.hasPrefix("events are missing at the end") }
                #expect(reasons.isEmpty != repairs)
                #expect(outcome.report.repairs.isEmpty)
                let after = try await scene.contents()
                #expect(before == after)
            }
        }
    }

    @Test func `a counter that is too low is raised`() async throws {
        try await AuditTests.withScene { scene in
            let quiet = scene.quiet.rawValue
            let before = try await scene.counters()
            try await scene.sql(
                "UPDATE chats SET last_offset = last_offset - 2, last_seq = last_seq - 1 WHERE id = \(quiet)"
            )
            let outcome = try await scene.audit(repairs: true)
            #expect(outcome.report.findings[.counterDrift]?.count == 1)
            let after = try await scene.counters()
            #expect(before == after)
        }
    }

    @Test func `a body that does not read is left where it is when its metadata is lost`() async throws {
        try await AuditTests.withScene { scene in
            try await scene.set(18) { $0.int64("seq", 777_777) }
            try await scene.loseMetadata(18)
            let before = try await scene.document("messages", 18)
            for _ in 0..<2 {
                let outcome = try await scene.audit(repairs: true)
                #expect(!outcome.isClean)
                #expect(outcome.report.repairs.isEmpty)
                let after = try await scene.document("messages", 18)
                #expect(before.bytes == after.bytes, "neither erased nor moved")
            }
        }
    }

    @Test func `a message of which only its event and a kept copy are left is brought back`() async throws {
        try await AuditTests.withScene { scene in
            try await scene.keep(try await scene.document("messages", 19))
            _ = try await scene.fixture.mongo.deleteMany("messages", scene.key(19))
            try await scene.loseMetadata(19)
            let outcome = try await scene.audit(repairs: true)
            #expect(outcome.isClean)
            let found = try await scene.document("messages", 19)
            #expect((try? found.string("content")) == "message 19")
        }
    }

    @Test func `what a purge without a deletion erases is kept`() async throws {
        try await AuditTests.withScene { scene in
            let quiet = scene.quiet.rawValue
            try await scene.sql(
                "UPDATE message_metadata SET deleted_at = now(), purged_at = now() WHERE chat_id = \(quiet) AND seq IN (12, 20)"
            )
            let outcome = try await scene.audit(repairs: true)
            #expect(outcome.isClean, "\(outcome.remaining?.summary ?? [:])")
            let kept = try await scene.fixture.mongo.find("set_aside", BSONDocument())
            let contents = kept.compactMap { try? $0.document("document").string("content") }
            #expect(Set(contents) == ["message 20", "edited", "message 12"], "two bodies and what an edit replaced")
            // Message 9 was deleted by its author, so nothing of it is kept.
            try await scene.set(9) { $0.string("content", "secret") }
            let again = try await scene.audit(repairs: true)
            #expect(again.isClean)
            let still = try await scene.fixture.mongo.find("set_aside", BSONDocument())
            #expect(still.count == kept.count)
        }
    }
}

extension AuditScene {
    /// Deletes the metadata of a message behind everybody's back.
    fileprivate func loseMetadata(_ number: Int64) async throws {
        try await sql("DELETE FROM message_metadata WHERE chat_id = \(quiet.rawValue) AND seq = \(number)")
    }

    /// The last number and offset of the quiet chat.
    fileprivate func counters() async throws -> [Int64] {
        let quiet = quiet.rawValue
        return try await fixture.sql { client in
            let rows = try await client.query("SELECT last_seq, last_offset FROM chats WHERE id = \(quiet)")
            return try rows.flatMap { [try $0.decode(0, as: Int64.self), try $0.decode(1, as: Int64.self)] }
        }
    }

    /// Waits until no redo row is left of the quiet chat.
    fileprivate func settleRedo() async throws {
        let quiet = quiet.rawValue
        while true {
            let isSettled = try await fixture.sql { client in
                try await client.query("SELECT FROM write_redo WHERE \(quiet) = ANY (chat_ids)").isEmpty
            }
            guard !isSettled else { return }
            await fixture.loop.sleep(for: .milliseconds(20))
        }
    }
}
