import Audit
import Testing

struct SuspicionTests {
    @Test func `only what differs in the same way several times in a row is a finding`() {
        var suspicion = Suspicion(["a"])
        for _ in 1..<Suspicion<String>.looks {
            let settled = suspicion.look { _ in .still([.missingBody]) }
            #expect(settled.isEmpty && !suspicion.isDone)
        }
        let settled = suspicion.look { _ in .still([.missingBody]) }
        #expect(settled.map(\.key) == ["a"])
        #expect(settled.map(\.verdict) == [.confirmed([.missingBody])])
        #expect(suspicion.isDone)
    }

    @Test func `what is fine once is forgotten`() {
        var suspicion = Suspicion(["a", "b"])
        let settled = suspicion.look { $0 == "a" ? .still([]) : .still([.staleBody]) }
        #expect(settled.isEmpty)
        #expect(suspicion.pending == ["b"])
    }

    @Test func `a change, or another difference, begins the count anew`() {
        var suspicion = Suspicion(["a"])
        let looks: [Suspicion<String>.Observation] = [
            .still([.staleBody]), .still([.staleBody]), .moving, .still([.staleBody]), .still([.staleBody]),
            .still([.missingBody]), .still([.missingBody]),
        ]
        for look in looks {
            let settled = suspicion.look { _ in look }
            #expect(settled.isEmpty)
        }
        let settled = suspicion.look { _ in .still([.missingBody]) }
        #expect(settled.map(\.verdict) == [.confirmed([.missingBody])])
    }

    @Test func `what never stands still is left alone in the end`() {
        var suspicion = Suspicion(["a"])
        var verdicts: [Suspicion<String>.Verdict] = []
        for _ in 0..<Suspicion<String>.patience {
            verdicts += suspicion.look { _ in .moving }.map(\.verdict)
        }
        #expect(verdicts == [.unsettled])
        #expect(suspicion.isDone)
    }
}
