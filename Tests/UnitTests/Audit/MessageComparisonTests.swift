import Audit
import Domain
import Testing

struct MessageComparisonTests {
    private func kinds(_ facts: MessageFacts?, _ image: MessageImage?) -> [FindingKind] {
        MessageComparison.differences(facts, image.map(FoundBody.image))
    }

    @Test func `a message as it was sent, edited, deleted, restored or purged is no finding`() {
        #expect(kinds(AuditSample.facts(), AuditSample.image).isEmpty)
        for mentions in [nil, [], [.all]] as [[Mention]?] {
            let (facts, image) = AuditSample.edited("again", mentions: mentions)
            #expect(kinds(facts, image).isEmpty)
        }
        var (facts, image) = AuditSample.deleted()
        #expect(kinds(facts, image).isEmpty)
        facts.isPurged = true
        facts.isPurgePending = true
        #expect(kinds(facts, image).isEmpty, "the purge is under way")
        facts.isPurgePending = false
        image.content = nil
        image.mentions = []
        #expect(kinds(facts, image).isEmpty)
        var (restored, back) = AuditSample.deleted()
        restored.changed = AuditSample.change(.messageRestored, at: 12)
        restored.revision = Offset(rawValue: 12)
        restored.isDeleted = false
        back.isDeleted = false
        back.revision = Offset(rawValue: 12)
        back.operation = restored.changed?.operation ?? back.operation
        #expect(kinds(restored, back).isEmpty)
    }

    @Test func `what only one store has is an orphan or missing`() {
        #expect(kinds(nil, AuditSample.image) == [.orphanBody])
        #expect(kinds(AuditSample.facts(), nil) == [.missingBody])
        #expect(MessageComparison.differences(AuditSample.facts(), .unreadable) == [.unreadableBody])
        #expect(kinds(nil, nil).isEmpty)
    }

    @Test func `a body of another revision is stale or from the future`() {
        var image = AuditSample.image
        image.revision = Offset(rawValue: 4)
        #expect(kinds(AuditSample.facts(), image) == [.staleBody])
        image.revision = Offset(rawValue: 6)
        #expect(kinds(AuditSample.facts(), image) == [.futureBody])
    }

    @Test func `content that its event's hash does not bear out is altered`() {
        for change in [
            { $0.content = "hullo" }, { $0.content = nil }, { $0.mentions = [] },
            { $0.attachments = [Attachment(mediaID: "1", kind: "file", name: "a", contentType: "b", sizeBytes: 1)] },
        ] as [(inout MessageImage) -> Void] {
            var image = AuditSample.image
            change(&image)
            #expect(kinds(AuditSample.facts(), image) == [.alteredBody])
        }
        var (facts, image) = AuditSample.edited("again")
        image.content = "hello"
        #expect(kinds(facts, image) == [.alteredBody])
        (facts, image) = AuditSample.deleted()
        image.content = "hullo"
        #expect(kinds(facts, image) == [.alteredBody], "what a deleted message said is kept for restoring")
    }

    @Test func `every field of a body is held against the metadata`() {
        for change in [
            { $0.sender = UserID(rawValue: 8) }, { $0.createdAt = Timestamp(milliseconds: 1) },
            { $0.editedAt = Timestamp(milliseconds: 1) }, { $0.createdOffset = Offset(rawValue: 4) },
            { $0.operation = .random() }, { $0.clientMessageID = .random() }, { $0.type = .image },
            { $0.replyTo = nil }, { $0.threadRoot = SequenceNumber(rawValue: 1) },
        ] as [(inout MessageImage) -> Void] {
            var image = AuditSample.image
            change(&image)
            #expect(kinds(AuditSample.facts(), image) == [.alteredFields])
        }
        var image = AuditSample.image
        image.clientMessageID = nil
        #expect(kinds(AuditSample.facts(), image).isEmpty, "a client need not give an id")
    }

    @Test func `tombstones are told by the events`() {
        var (facts, image) = AuditSample.deleted()
        image.isDeleted = false
        #expect(kinds(facts, image) == [.resurrectedDelete])
        image = AuditSample.image
        image.isDeleted = true
        #expect(kinds(AuditSample.facts(), image) == [.falseTombstone])
        (facts, image) = AuditSample.deleted()
        facts.isPurged = true
        #expect(kinds(facts, image) == [.unpurgedBody])
        image.content = nil
        #expect(kinds(facts, image) == [.unpurgedBody], "its mentions are still there")
    }

    @Test func `metadata that its events contradict is told apart from the body`() {
        for change in [
            { $0.sender = UserID(rawValue: 8) }, { $0.createdAt = Timestamp(milliseconds: 1) },
            { $0.revision = Offset(rawValue: 7) }, { $0.isDeleted = true }, { $0.editedAt = AuditSample.at },
        ] as [(inout MessageFacts) -> Void] {
            var facts = AuditSample.facts()
            change(&facts)
            #expect(kinds(facts, AuditSample.image) == [.metadataDrift])
        }
        var facts = AuditSample.facts()
        facts.created = nil
        #expect(kinds(facts, AuditSample.image) == [.metadataOrphan])
        facts = AuditSample.facts()
        facts.created?.sequence = SequenceNumber(rawValue: 9)
        #expect(kinds(facts, nil) == [.metadataOrphan], "nothing is asked of MongoDB then")
        facts = AuditSample.facts()
        facts.revision = Offset(rawValue: 7)
        #expect(kinds(facts, nil) == [.metadataDrift, .missingBody])
    }
}
