internal import Domain
internal import IOCore
internal import Mongo
internal import Postgres

/// Reads what both stores hold of a chat, by statements of its own, so that no fault of the server's hides itself.
///
/// Loop-bound.
final class EvidenceReader {
    private let postgres: PostgresClient
    private let mongo: MongoClient
    private let loop: EventLoop

    private static let page = 5000
    private static let largest = Int64(1) << 53

    /// Reads these stores.
    init(_ stores: DirectStores, loop: EventLoop) {
        postgres = stores.postgres
        mongo = stores.mongo
        self.loop = loop
    }

    /// Reads a chat, after waiting up to `patience` until no redo row holds anything of it.
    ///
    /// - Throws: `PostgresError`, `MongoError`, or `contract` where the chat is not there.
    func read(_ chat: ChatID, patience: Duration) async throws -> ChatEvidence {
        var evidence = ChatEvidence()
        let end = loop.now + patience
        while true {
            evidence.unfinished = try await unfinished(chat)
            if evidence.unfinished == 0 || loop.now >= end { break }
            await loop.sleep(for: .milliseconds(200))
        }
        let heads = try await postgres.query("SELECT last_seq, last_offset FROM chats WHERE id = \(chat.rawValue)")
        guard let head = heads.first else { throw LoadError(.contract, "chat \(chat) is not in Postgres") }
        evidence.lastSequence = SequenceNumber(rawValue: try head.decode(0))
        evidence.lastOffset = Offset(rawValue: try head.decode(1))
        evidence.events = try await events(chat)
        evidence.metadata = try await metadata(chat)
        evidence.documents = try await documents(chat)
        return evidence
    }

    private func unfinished(_ chat: ChatID) async throws -> Int {
        let rows = try await postgres.query("SELECT count(*) FROM write_redo WHERE \(chat.rawValue) = ANY (chat_ids)")
        return Int(try rows.first?.decode(0, as: Int64.self) ?? 0)
    }

    private func events(_ chat: ChatID) async throws -> [ChatEvidence.Event] {
        var events: [ChatEvidence.Event] = []
        while true {
            let after = events.last?.offset.rawValue ?? 0
            let rows = try await postgres.query(
                """
                SELECT "offset", seq, actor_id, op_id FROM chat_events
                WHERE chat_id = \(chat.rawValue) AND "offset" > \(after) ORDER BY "offset" LIMIT \(Int64(Self.page))
                """
            )
            for row in rows {
                let operation: PostgresUUID = try row.decode(3)
                events.append(
                    ChatEvidence.Event(
                        offset: Offset(rawValue: try row.decode(0)),
                        sequence: try row.decode(1, as: Int64?.self).map(SequenceNumber.init(rawValue:)),
                        actor: UserID(rawValue: try row.decode(2)),
                        operation: OperationID(high: operation.high, low: operation.low)
                    )
                )
            }
            if rows.count < Self.page { return events }
        }
    }

    private func metadata(_ chat: ChatID) async throws -> [SequenceNumber] {
        var sequences: [SequenceNumber] = []
        while true {
            let after = sequences.last?.rawValue ?? 0
            let rows = try await postgres.query(
                """
                SELECT seq FROM message_metadata
                WHERE chat_id = \(chat.rawValue) AND seq > \(after) ORDER BY seq LIMIT \(Int64(Self.page))
                """
            )
            for row in rows { sequences.append(SequenceNumber(rawValue: try row.decode(0))) }
            if rows.count < Self.page { return sequences }
        }
    }

    private func documents(_ chat: ChatID) async throws -> [ChatEvidence.Document] {
        var documents: [ChatEvidence.Document] = []
        let sort = BSONDocument { $0.int32("_id", 1) }
        while true {
            let after = documents.last?.sequence.rawValue ?? 0
            let filter = BSONDocument { writer in
                writer.document("_id") { range in
                    range.document("$gt") { Self.write(chat, after, to: &$0) }
                    range.document("$lt") { Self.write(chat, Self.largest, to: &$0) }
                }
            }
            let options = FindOptions(sort: sort, limit: Self.page, readConcern: .majority)
            let found = try await mongo.find("messages", filter, options: options)
            for document in found { documents.append(try Self.document(document)) }
            if found.count < Self.page { return documents }
        }
    }

    private static func write(_ chat: ChatID, _ sequence: Int64, to writer: inout BSONDocumentWriter) {
        writer.int64("c", chat.rawValue)
        writer.int64("s", sequence)
    }

    private static func document(_ document: BSONDocument) throws(MongoError) -> ChatEvidence.Document {
        ChatEvidence.Document(
            sequence: SequenceNumber(rawValue: try document.int64("seq")),
            offset: Offset(rawValue: try document.int64("offset")),
            sender: UserID(rawValue: try document.int64("sender_id")),
            clientID: try document.binary(ifPresent: "client_msg_id").flatMap { OperationID(bytes: $0) },
            digest: try document.string(ifPresent: "content").map(Journal.digest) ?? "none"
        )
    }
}
