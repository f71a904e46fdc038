import Domain
import Messaging
import Mongo
import Postgres
import Storage
import Testing

/// Corruption of every kind that can be mended, by direct writes to both stores.
extension AuditScene {
    /// Plants it, and returns what an audit has to find: examples and count by kind.
    func plantEverything() async throws -> [String: [String]] {
        try await plantBodies()
        try await plantCollections()
        let rows = try await plantRows()
        var expected: [String: [String]] = [
            "orphan_body": ["\(quiet)-17", "\(quiet)-9999", "8000000-1", "3"],
            "missing_body": ["\(id(2))", "1"], "stale_body": ["\(id(3))", "1"], "future_body": ["\(id(4))", "1"],
            "altered_body": ["\(id(5))", "1"], "altered_fields": ["\(id(6))", "1"],
            "resurrected_delete": ["\(id(7))", "1"], "false_tombstone": ["\(id(8))", "1"],
            "unpurged_body": ["\(id(9))", "1"],
            "ghost_reaction": ["\(id(10))/\(users[3])/👍", "\(id(20))/\(users[1])/👍🏽", "2"],
            "missing_reaction": ["\(id(11))/\(users[1])/👍🏽", "1"], "stale_reaction": ["\(id(21))/\(users[1])/👍🏽", "1"],
            "orphan_thread": ["\(id(14))", "1"],
        ]
        expected.merge(rows) { $1 }
        return expected
    }

    private func plantBodies() async throws {
        let two = try await document("messages", 2)
        try await insert("messages", two, ["_id": .document(try key(9999).document("_id")), "seq": .int64(9999)])
        let stranger = BSONDocument {
            $0.int64("c", 8_000_000)
            $0.int64("s", 1)
        }
        try await insert("messages", two, ["_id": .document(stranger), "chat_id": .int64(8_000_000), "seq": .int64(1)])
        _ = try await fixture.mongo.deleteMany("messages", key(2))
        let three = try await document("messages", 3)
        let offset = try three.int64("offset")
        try await set(3) {
            $0.int64("rev", offset)
            $0.string("content", "message 3")
            $0.null("edited_at")
        }
        let four = try await document("messages", 4)
        let revision = try four.int64("rev")
        try await set(4) { $0.int64("rev", revision + 1000) }
        // A copy of what it said is left, as an earlier repair would have kept it.
        let five = try await document("messages", 5)
        try await keep(five)
        try await set(5) { $0.string("content", "forged") }
        try await set(6) { $0.int64("sender_id", 1 << 40) }
        try await set(7) { $0.bool("deleted", false) }
        try await set(8) { $0.bool("deleted", true) }
        try await set(9) { $0.string("content", "secret") }
    }

    /// Keeps a copy of a document, as a repair would.
    func keep(_ document: BSONDocument) async throws {
        let copy = BSONDocument { writer in
            writer.document("_id") { id in
                id.string("from", "messages")
                id.binary("digest", [1])
            }
            writer.string("from", "messages")
            writer.document("document", document)
            writer.string("reason", "a test")
            writer.datetime("at", milliseconds: 0)
        }
        let outcome = try await fixture.mongo.insertMany("set_aside", [copy])
        #expect(outcome.isComplete)
    }

    private func plantCollections() async throws {
        let bob = users[1].rawValue
        let own: @Sendable (inout BSONDocumentWriter) -> Void = {
            $0.int64("u", bob)
            $0.string("e", "👍🏽")
        }
        let reaction = try await document("reactions", 11, own)
        let stranger = users[3].rawValue
        let ghost = key(10) {
            $0.int64("u", stranger)
            $0.string("e", "👍")
        }
        try await insert(
            "reactions",
            reaction,
            [
                "_id": .document(try ghost.document("_id")), "seq": .int64(10), "user_id": .int64(stranger),
                "emoji": .string("👍"),
            ]
        )
        _ = try await fixture.mongo.deleteMany("reactions", key(11, own))
        try await change("reactions", key(20, own)) { $0.bool("on", true) }
        try await change("reactions", key(21, own)) { $0.int64("rev", 1) }

        let edit = try await document("messages", 12).int64("offset")
        let twelve = try await document("revisions", 12) { $0.int64("r", edit) }
        try await insert(
            "revisions",
            twelve,
            ["_id": .document(try key(13) { $0.int64("r", 3) }.document("_id")), "seq": .int64(13)]
        )
        _ = try await fixture.mongo.deleteMany("revisions", key(12) { $0.int64("r", edit) })
        let nine = try await document("messages", 9).int64("offset")
        try await change("revisions", key(9) { $0.int64("r", nine) }) { $0.string("content", "secret") }

        let thread = try await document("threads", 1)
        try await insert("threads", thread, ["_id": .document(try key(14).document("_id")), "seq": .int64(14)])
        try await set(1, in: "threads") { $0.int32("reply_count", 7) }
    }

    private func change(
        _ collection: String,
        _ filter: BSONDocument,
        _ fields: (inout BSONDocumentWriter) -> Void
    ) async throws {
        let update = BSONDocument { writer in writer.document("$set") { fields(&$0) } }
        let outcome = try await fixture.mongo.updateMany(collection, filter, update)
        guard outcome.modified == 1 else { throw StorageFixture.SetUpFailure() }
    }

    private func plantRows() async throws -> [String: [String]] {
        let chat = quiet.rawValue
        // A message event is lost; its metadata and body still tell it.
        let lost = try await document("messages", 16).int64("offset")
        try await sql(#"DELETE FROM chat_events WHERE chat_id = \#(chat) AND "offset" = \#(lost)"#)
        try await sql("DELETE FROM message_metadata WHERE chat_id = \(chat) AND seq = 17")
        try await sql(
            """
            INSERT INTO message_metadata (chat_id, seq, sender_id, type, "offset", rev, created_at)
            VALUES (\(chat), 5000, 1, 'text', 6000, 6000, now())
            """
        )
        try await sql("UPDATE message_metadata SET rev = rev + 50 WHERE chat_id = \(chat) AND seq = 18")
        let other = try await plantOtherChats()
        let batch = try await plantRedo()
        let edit = try await document("messages", 12).int64("offset")
        let nine = try await document("messages", 9).int64("offset")
        return [
            "offset_hole": ["\(chat)@\(lost)", "1"], "seq_hole": ["\(id(16))", "1"],
            "metadata_orphan": ["\(id(16))", "\(id(5000))", "2"], "metadata_missing": ["\(id(17))", "1"],
            "metadata_drift": ["\(id(18))", "1"], "missing_revision": ["\(id(12))@\(edit)", "1"],
            "orphan_revision": ["\(id(13))@3", "1"], "unpurged_revision": ["\(id(9))@\(nine)", "1"],
            "thread_drift": ["\(id(1))", "1"], "counter_drift": ["\(other.counters)", "1"],
            "membership_drift": ["\(other.members)", "1"], "pin_drift": ["\(other.pins)", "1"],
            "quarantined_chat": ["\(other.quarantined)", "1"], "stuck_redo": [batch.description, "1"],
        ]
    }

    private func plantOtherChats() async throws -> (
        counters: ChatID, members: ChatID, pins: ChatID, quarantined: ChatID
    ) {
        let counters = try await stores.group(of: users[0])
        try await sql("UPDATE chats SET last_offset = last_offset - 1 WHERE id = \(counters.rawValue)")
        let members = try await stores.group(of: users[0], with: [users[1]])
        try await sql(
            "UPDATE participants SET role = 'admin' WHERE chat_id = \(members.rawValue) AND user_id = \(users[1].rawValue)"
        )
        let pins = try await stores.group(of: users[0])
        try await sql("INSERT INTO pins VALUES (\(pins.rawValue), 1, 1, now(), 1)")
        let quarantined = try await stores.group(of: users[0])
        let batch = BatchID.random()
        _ = try await stores.commit(message("refused", to: quarantined, from: users[0]), as: batch)
        let id = batch.description
        try await sql("SELECT duologue_quarantine(\(id)::uuid, ARRAY[\(quarantined.rawValue)], 'a test')")
        return (counters, members, pins, quarantined)
    }

    /// A committed message that its node never finished.
    private func plantRedo() async throws -> BatchID {
        let chat = try await stores.group(of: users[0])
        let batch = BatchID.random()
        _ = try await stores.commit(message("stuck", to: chat, from: users[0]), as: batch)
        try await sql(
            """
            UPDATE write_redo SET attempts = 21, lease_until = clock_timestamp() - interval '1 s'
            WHERE \(chat.rawValue) = ANY (chat_ids)
            """
        )
        return batch
    }

    /// Checks that the repair brought back what it could, and said so where it could not.
    func checkMended() async throws {
        let five = try await document("messages", 5)
        #expect(try five.string("content") == "message 5", "from the copy")
        let four = try await document("messages", 4)
        #expect(try four.string("content") == "message 4", "its content was never wrong")
        for number in [2, 3] as [Int64] {
            let lost = try await document("messages", number)
            #expect(
                try lost.bool("deleted") && lost["content"] == .null,
                "the content is lost; a tombstone keeps the place"
            )
        }
        let seventeen = try await document("messages", 17)
        #expect(try seventeen.string("content") == "edited")
        let aside = try await fixture.mongo.find("set_aside", BSONDocument())
        let reasons = try Set(aside.map { try $0.string("reason") })
        #expect(reasons.contains("moved an orphan body aside"))
        let forged = aside.contains { (try? $0.document("document").string("content")) == "forged" }
        #expect(forged, "what was replaced is kept")
    }
}
