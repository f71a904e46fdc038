import Domain
import Testing

@testable import Gateway

@Suite struct ResumePlanTests {
    private func id(_ value: Int64) -> ChatID { ChatID(rawValue: value) }

    private func head(_ chat: Int64, at offset: Int64, joined: Int64 = 1, committed: Int64? = nil) -> ChatHead {
        ChatHead(
            chat: id(chat),
            lastSequence: SequenceNumber(rawValue: 0),
            lastOffset: Offset(rawValue: offset),
            readSequence: SequenceNumber(rawValue: 0),
            unread: 0,
            joinedOffset: Offset(rawValue: joined),
            committedOffset: Offset(rawValue: committed ?? offset)
        )
    }

    private func plan(_ cursors: [Int64: Int64], epoch: String = "e", _ heads: ChatHead...) -> ResumePlan {
        let named = cursors.map { (id($0.key), Offset(rawValue: $0.value)) }
        let request = ResumeRequest(epoch: epoch, cursors: Dictionary(uniqueKeysWithValues: named))
        return ResumePlan(request, heads: heads, epoch: "e")
    }

    @Test func `what was missed is sent up to the head, up to a hundred events`() {
        let plan = plan([1: 100, 2: 150, 3: 99], head(1, at: 200), head(2, at: 150), head(3, at: 200))
        #expect(
            plan.answers == [
                .events(id(1), after: Offset(rawValue: 100), through: Offset(rawValue: 200)),
                .events(id(2), after: Offset(rawValue: 150), through: Offset(rawValue: 150)),
                .reset(id(3), head: Offset(rawValue: 200)),
            ]
        )
        #expect(plan.seen[id(3)] == Offset(rawValue: 200))
    }

    @Test func `a chat without a cursor is read anew, one without a membership is gone`() {
        let plan = plan([9: 3, 1: 5], head(1, at: 5), head(4, at: 7))
        #expect(plan.answers.count == 3)
        #expect(plan.answers[1] == .reset(id(4), head: Offset(rawValue: 7)))
        #expect(plan.answers[2] == .gone(id(9)) && plan.seen[id(9)] == nil)
    }

    @Test func `another epoch makes every cursor worthless`() {
        let plan = plan([1: 5, 9: 3], epoch: "older", head(1, at: 5))
        #expect(plan.answers == [.reset(id(1), head: Offset(rawValue: 5)), .gone(id(9))])
    }

    @Test func `a cursor beyond the announced head stands, one beyond all that is committed does not`() {
        let plan = plan([1: 8, 2: 9], head(1, at: 5, committed: 8), head(2, at: 5, committed: 8))
        #expect(plan.answers[0] == .events(id(1), after: Offset(rawValue: 8), through: Offset(rawValue: 8)))
        #expect(plan.seen[id(1)] == Offset(rawValue: 8))
        #expect(plan.answers[1] == .reset(id(2), head: Offset(rawValue: 5)))
    }

    @Test func `a cursor of an earlier membership does not count, one at its very end does`() {
        let plan = plan([1: 3, 2: 4], head(1, at: 9, joined: 5), head(2, at: 9, joined: 5))
        #expect(plan.answers[0] == .reset(id(1), head: Offset(rawValue: 9)))
        #expect(plan.answers[1] == .events(id(2), after: Offset(rawValue: 4), through: Offset(rawValue: 9)))
    }

    @Test func `no cursor is too large to be judged`() {
        let plan = plan([1: .max], head(1, at: 5))
        #expect(plan.answers == [.reset(id(1), head: Offset(rawValue: 5))])
    }
}
