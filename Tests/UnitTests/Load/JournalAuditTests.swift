import Domain
import Testing

@testable import duologue_load

@Suite struct JournalAuditTests {
    private static let chat = ChatID(rawValue: 5)
    private static let anna = UserID(rawValue: 1)

    /// Three acked messages and the evidence of a chat that holds them and one more.
    private static func sound() -> ([Journal.Entry], ChatEvidence) {
        var evidence = ChatEvidence()
        var entries: [Journal.Entry] = []
        evidence.lastSequence = SequenceNumber(rawValue: 4)
        evidence.lastOffset = Offset(rawValue: 5)
        evidence.events = [.init(offset: Offset(rawValue: 1), sequence: nil, actor: anna, operation: .random())]
        evidence.history = []
        for number in 1...4 as ClosedRange<Int64> {
            let sequence = SequenceNumber(rawValue: number)
            let offset = Offset(rawValue: number + 1)
            let id = OperationID.random()
            let digest = Journal.digest("text \(number)")
            evidence.events.append(.init(offset: offset, sequence: sequence, actor: anna, operation: id))
            evidence.metadata.append(sequence)
            evidence.documents.append(
                .init(sequence: sequence, offset: offset, sender: anna, clientID: id, digest: digest)
            )
            evidence.history?.append(
                ArrivedMessage(
                    chat: chat,
                    sequence: sequence,
                    sender: anna,
                    type: "text",
                    content: "text \(number)",
                    replyTo: nil,
                    clientID: id
                )
            )
            let entry = Journal.Entry(
                chat: chat,
                sequence: sequence,
                offset: offset,
                sender: anna,
                id: id,
                digest: digest
            )
            if number < 4 { entries.append(entry) }
        }
        return (entries, evidence)
    }

    @Test func `a chat that holds what was acked, and what was not acked any more, is sound`() {
        let (entries, evidence) = Self.sound()
        let audit = JournalAudit(entries, evidence)
        #expect(audit.isFaultless)
        #expect(audit.acked == 3)
    }

    @Test func `a document that is missing is lost, and a hole`() {
        var (entries, evidence) = Self.sound()
        evidence.documents.remove(at: 2)
        let audit = JournalAudit(entries, evidence)
        #expect(audit.lostInMongo == 1)
        #expect(audit.holes > 0)
        #expect(audit.lostInPostgres == 0)
    }

    @Test func `an event that is missing is lost, and a hole`() {
        var (entries, evidence) = Self.sound()
        evidence.events.remove(at: 1)
        let audit = JournalAudit(entries, evidence)
        #expect(audit.lostInPostgres == 1)
        #expect(audit.holes > 0)
    }

    @Test func `a content that is not what was sent is lost`() {
        var (entries, evidence) = Self.sound()
        let old = evidence.documents[0]
        evidence.documents[0] = .init(
            sequence: old.sequence,
            offset: old.offset,
            sender: old.sender,
            clientID: old.clientID,
            digest: Journal.digest("other")
        )
        #expect(JournalAudit(entries, evidence).lostInMongo == 1)
    }

    @Test func `an operation that is stored twice is doubled`() {
        var (entries, evidence) = Self.sound()
        evidence.events.append(
            .init(
                offset: Offset(rawValue: 6),
                sequence: SequenceNumber(rawValue: 5),
                actor: Self.anna,
                operation: entries[0].id
            )
        )
        evidence.lastOffset = Offset(rawValue: 6)
        let audit = JournalAudit(entries, evidence)
        #expect(audit.doubled == 1)
    }

    @Test func `a head beyond the last row is a hole`() {
        var (entries, evidence) = Self.sound()
        evidence.lastOffset = Offset(rawValue: 6)
        #expect(JournalAudit(entries, evidence).holes == 1)
    }

    @Test func `history that leaves an acked message out is a fault`() {
        var (entries, evidence) = Self.sound()
        evidence.history?.remove(at: 0)
        #expect(JournalAudit(entries, evidence).lostInHistory == 1)
    }

    @Test func `redo that never empties is a fault`() {
        var (entries, evidence) = Self.sound()
        evidence.unfinished = 1
        #expect(!JournalAudit(entries, evidence).isFaultless)
    }

    @Test func `a journal reads back, but for a line that was cut off`() throws {
        let text = """
            {"chat_id":5,"username":"anna","password":"secret word"}
            {"chat_id":5,"seq":1,"offset":2,"sender_id":1,"client_msg_id":"00000000-0000-4000-8000-000000000001","sha256":"ab"}
            {"chat_id":5,"seq":2,"off
            """
        let (readers, entries) = try Journal.read(Array(text.utf8))
        #expect(readers == [.init(chat: Self.chat, username: "anna", password: "secret word")])
        #expect(entries.map(\.sequence.rawValue) == [1])
        #expect(throws: LoadError.self) { try Journal.read(Array((text + "\n").utf8)) }
    }

    @Test func `the digest is SHA-256 in hexadecimal`() {
        #expect(Journal.digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}
