import Audit
import Domain
import Testing

struct ChatFoldTests {
    private let ada = UserID(rawValue: 1)
    private let bob = UserID(rawValue: 2)
    private let eve = UserID(rawValue: 3)

    private func event(
        _ offset: Int64,
        _ kind: EventKind,
        by actor: UserID,
        message: Int64? = nil,
        target: UserID? = nil,
        members: [FoldedEvent.Member] = [],
        hasMetadata: Bool = true
    ) -> FoldedEvent {
        FoldedEvent(
            offset: Offset(rawValue: offset),
            kind: kind,
            actor: actor,
            sequence: message.map(SequenceNumber.init(rawValue:)),
            targetUser: target,
            members: members,
            hasMetadata: hasMetadata
        )
    }

    private func founding() -> FoldedEvent {
        event(1, .chatCreated, by: ada, members: [.init(user: ada, role: .owner), .init(user: bob, role: .member)])
    }

    private func fold(_ events: [FoldedEvent]) -> (fold: ChatFold, findings: [String]) {
        var fold = ChatFold(ChatID(rawValue: 42))
        var findings: [String] = []
        for event in events { findings += fold.take(event).map { "\($0.kind.rawValue) \($0.place)" } }
        return (fold, findings)
    }

    private func facts(of fold: ChatFold) -> ChatFacts {
        ChatFacts(
            lastSequence: fold.lastSequence,
            lastOffset: fold.lastOffset,
            participantCount: fold.members.count,
            members: fold.members,
            pins: fold.pins
        )
    }

    @Test func `a chat in order is no finding`() {
        let (fold, findings) = fold([
            founding(), event(2, .messageCreated, by: ada, message: 1), event(3, .messageCreated, by: bob, message: 2),
            event(4, .participantAdded, by: ada, target: eve, members: [.init(user: eve, role: .member)]),
            event(5, .participantUpdated, by: ada, target: eve, members: [.init(user: eve, role: .admin)]),
            event(6, .pinAdded, by: eve, message: 1), event(7, .participantRemoved, by: bob, target: bob),
        ])
        #expect(findings.isEmpty)
        #expect(fold.members[eve] == .init(role: .admin, joined: Offset(rawValue: 4)))
        #expect(fold.members[bob] == nil)
        #expect(fold.pins.keys.map(\.rawValue) == [1])
        #expect(fold.differences(facts(of: fold)).isEmpty)
    }

    @Test func `missing offsets and numbers are told one by one`() {
        let (_, findings) = fold([
            founding(), event(2, .messageCreated, by: ada, message: 1), event(5, .messageCreated, by: ada, message: 3),
        ])
        #expect(findings == ["offset_hole 42@3", "offset_hole 42@4", "seq_hole 42-2"])
        let (_, first) = fold([event(3, .messageCreated, by: ada, message: 1)])
        #expect(first.first == "offset_hole 42@1", "the first event may be missing, too")
    }

    @Test func `who was no member then is foreign`() {
        let (_, findings) = fold([
            founding(), event(2, .messageCreated, by: eve, message: 1),
            event(3, .participantRemoved, by: ada, target: bob), event(4, .reactionAdded, by: bob, message: 1),
            event(5, .participantAdded, by: eve, target: eve, members: [.init(user: eve, role: .member)]),
            event(6, .messageCreated, by: eve, message: 2),
        ])
        #expect(findings == ["foreign_actor 42@2", "foreign_actor 42@4"], "joining by oneself is nothing foreign")
        let (_, unknown) = fold([founding(), event(3, .messageCreated, by: eve, message: 1)])
        #expect(unknown == ["offset_hole 42@2"], "the missing event may have brought eve in")
    }

    @Test func `a message event needs its metadata`() {
        let (_, findings) = fold([founding(), event(2, .messageCreated, by: ada, message: 1, hasMetadata: false)])
        #expect(findings == ["metadata_missing 42-1"])
    }

    @Test func `deleting a message takes its pin away`() {
        let (fold, _) = fold([
            founding(), event(2, .messageCreated, by: ada, message: 1), event(3, .pinAdded, by: ada, message: 1),
            event(4, .messageDeleted, by: ada, message: 1),
        ])
        #expect(fold.pins.isEmpty)
    }

    @Test func `rows that the events contradict are told by what they hold`() {
        let (fold, _) = fold([
            founding(), event(2, .messageCreated, by: ada, message: 1), event(3, .pinAdded, by: ada, message: 1),
        ])
        for change in [
            { $0.lastSequence = SequenceNumber(rawValue: 0) }, { $0.lastOffset = Offset(rawValue: 2) },
            { $0.participantCount = 3 },
        ] as [(inout ChatFacts) -> Void] {
            var facts = facts(of: fold)
            change(&facts)
            #expect(fold.differences(facts) == [.counterDrift])
        }
        var facts = facts(of: fold)
        facts.members[bob]?.role = .owner
        #expect(fold.differences(facts) == [.membershipDrift])
        facts = self.facts(of: fold)
        facts.members[ada]?.joined = Offset(rawValue: 2)
        #expect(fold.differences(facts) == [.membershipDrift])
        facts = self.facts(of: fold)
        facts.pins = [:]
        #expect(fold.differences(facts) == [.pinDrift])
        #expect(fold.differences(nil) == [.missingChat])
    }

    @Test func `a row that is ahead of the events tells that events are missing, and nothing of the members`() {
        let (fold, _) = fold([
            founding(), event(2, .messageCreated, by: ada, message: 1), event(3, .pinAdded, by: ada, message: 1),
        ])
        for change in [
            { $0.lastSequence = SequenceNumber(rawValue: 2) }, { $0.lastOffset = Offset(rawValue: 5) },
        ] as [(inout ChatFacts) -> Void] {
            var facts = facts(of: fold)
            change(&facts)
            facts.members[bob] = nil
            facts.participantCount = 1
            facts.pins = [:]
            #expect(fold.differences(facts).isEmpty, "the missing events may have removed bob and the pin")
        }
    }

    @Test func `events after the last window count for the rows`() {
        var (fold, _) = fold([founding()])
        fold.takeTail(event(2, .messageCreated, by: ada, message: 1))
        fold.takeTail(event(3, .participantRemoved, by: bob, target: bob))
        #expect(fold.lastOffset.rawValue == 3 && fold.lastSequence.rawValue == 1)
        #expect(fold.members.keys.map(\.rawValue) == [1])
    }
}
