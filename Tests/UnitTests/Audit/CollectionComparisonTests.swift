import Audit
import Domain
import Testing

struct CollectionComparisonTests {
    @Test func `a reaction is what its newest event made it`() {
        let at = Timestamp(milliseconds: 1)
        let (five, six) = (Offset(rawValue: 5), Offset(rawValue: 6))
        func facts(_ isOn: Bool) -> ReactionFacts { ReactionFacts(isOn: isOn, revision: five, at: at) }
        func found(_ isOn: Bool, _ revision: Offset) -> FoundReaction {
            FoundReaction(isOn: isOn, revision: revision, at: at)
        }
        #expect(ReactionComparison.differences(facts(true), found(true, five)).isEmpty)
        #expect(ReactionComparison.differences(facts(false), found(false, five)).isEmpty)
        #expect(ReactionComparison.differences(nil, found(true, five)) == [.ghostReaction])
        #expect(ReactionComparison.differences(facts(false), found(true, six)) == [.ghostReaction])
        #expect(ReactionComparison.differences(facts(true), nil) == [.missingReaction])
        #expect(ReactionComparison.differences(facts(true), found(false, five)) == [.missingReaction])
        #expect(ReactionComparison.differences(facts(false), nil) == [.staleReaction])
        #expect(ReactionComparison.differences(facts(true), found(true, six)) == [.staleReaction])
    }

    @Test func `a revision belongs to an edit, and loses its content with the message`() {
        let at = Timestamp(milliseconds: 1)
        var facts = RevisionFacts(editedBy: UserID(rawValue: 7), at: at)
        #expect(RevisionComparison.differences(facts, FoundRevision(hasContent: true)).isEmpty)
        #expect(RevisionComparison.differences(facts, nil) == [.missingRevision])
        #expect(RevisionComparison.differences(nil, FoundRevision(hasContent: true)) == [.orphanRevision])
        facts.isPurged = true
        #expect(RevisionComparison.differences(facts, FoundRevision(hasContent: true)) == [.unpurgedRevision])
        #expect(RevisionComparison.differences(facts, FoundRevision(hasContent: false)).isEmpty)
        facts.isPurgePending = true
        #expect(RevisionComparison.differences(facts, FoundRevision(hasContent: true)).isEmpty)
    }

    @Test func `both summaries of a thread are what its replies come to`() {
        let root = SequenceNumber(rawValue: 1)
        let counted = ThreadState(
            root: root,
            replyCount: 2,
            lastReply: SequenceNumber(rawValue: 4),
            lastReplyAt: Timestamp(milliseconds: 4)
        )
        var other = counted
        other.replyCount = 3
        func kinds(_ kept: ThreadState?, _ found: FoundThread?) -> [FindingKind] {
            ThreadComparison.differences(ThreadFacts(counted: counted, kept: kept), found)
        }
        #expect(kinds(counted, FoundThread(state: counted)).isEmpty)
        #expect(kinds(other, FoundThread(state: counted)) == [.threadDrift])
        #expect(kinds(counted, FoundThread(state: other)) == [.threadDrift])
        #expect(kinds(counted, FoundThread(state: nil)) == [.threadDrift])
        #expect(kinds(counted, nil) == [.threadDrift])
        #expect(ThreadComparison.differences(nil, FoundThread(state: counted)) == [.orphanThread])
    }

    @Test func `keys are ordered by bytes, whatever Unicode holds to be the same`() {
        func key(_ emoji: String) -> ReactionKey {
            ReactionKey(message: AuditSample.id, user: UserID(rawValue: 1), emoji: emoji)
        }
        let (composed, decomposed) = (key("\u{E9}"), key("e\u{301}"))
        #expect(composed != decomposed)
        #expect(decomposed < composed && !(composed < decomposed))
        #expect(Set([composed, decomposed]).count == 2)
        #expect(key("\u{1F44D}") > key("\u{2764}"), "UTF-8, as both stores order them")
    }
}
