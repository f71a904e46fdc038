import Audit
import Testing

struct ConfirmationTests {
    @Test func `only what differs in the same way several times in a row is a finding`() {
        var confirmation = Audit.Confirmation(["a"])
        for _ in 1..<Audit.Confirmation<String>.looks {
            let settled = confirmation.look { _ in .still([.missingBody]) }
            #expect(settled.isEmpty && !confirmation.isDone)
        }
        let settled = confirmation.look { _ in .still([.missingBody]) }
        #expect(settled.map(\.key) == ["a"])
        #expect(settled.map(\.verdict) == [.confirmed([.missingBody])])
        #expect(confirmation.isDone)
    }

    @Test func `what is fine once is forgotten`() {
        var confirmation = Audit.Confirmation(["a", "b"])
        let settled = confirmation.look { $0 == "a" ? .still([]) : .still([.staleBody]) }
        #expect(settled.isEmpty)
        #expect(confirmation.pending == ["b"])
    }

    @Test func `a change, or another difference, begins the count anew`() {
        var confirmation = Audit.Confirmation(["a"])
        let looks: [Audit.Confirmation<String>.Observation] = [
            .still([.staleBody]), .still([.staleBody]), .moving, .still([.staleBody]), .still([.staleBody]),
            .still([.missingBody]), .still([.missingBody]),
        ]
        for look in looks {
            let settled = confirmation.look { _ in look }
            #expect(settled.isEmpty)
        }
        let settled = confirmation.look { _ in .still([.missingBody]) }
        #expect(settled.map(\.verdict) == [.confirmed([.missingBody])])
    }

    @Test func `what never stands still is left alone in the end`() {
        var confirmation = Audit.Confirmation(["a"])
        var verdicts: [Audit.Confirmation<String>.Verdict] = []
        for _ in 0..<Audit.Confirmation<String>.patience {
            verdicts += confirmation.look { _ in .moving }.map(\.verdict)
        }
        #expect(verdicts == [.unsettled])
        #expect(confirmation.isDone)
    }
}
