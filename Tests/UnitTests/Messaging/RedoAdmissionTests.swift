import Domain
import Messaging
import Testing

@Suite struct RedoAdmissionTests {
    private let start = ContinuousClock.now

    @Test func `more bytes than the limit refuse, with a time to come back, until they are fewer`() {
        var admission = RedoAdmission(limitBytes: 1_000)
        #expect(admission.refusal == nil)
        _ = admission.measured(RedoDepth(rows: 1, bytes: 1_000), at: start)
        #expect(admission.refusal == nil)
        _ = admission.measured(RedoDepth(rows: 1, bytes: 1_001), at: start)
        #expect(admission.refusal?.code == .overloaded)
        #expect(admission.refusal?.retryAfter != nil)
        _ = admission.measured(RedoDepth(rows: 1, bytes: 1_000), at: start)
        #expect(admission.refusal == nil)
    }

    @Test func `age refuses nobody, and alerts once a minute until it is over`() {
        var admission = RedoAdmission(limitBytes: 1_000)
        let old = RedoDepth(rows: 1, bytes: 1, oldestAge: .seconds(3_600))
        let alerts = (0..<180).filter { admission.measured(old, at: start + .seconds($0)) }
        #expect(alerts == [0, 60, 120])
        #expect(admission.refusal == nil)
        let young = RedoDepth(rows: 1, bytes: 1, oldestAge: .seconds(2))
        let afterwards = [young, old].map { admission.measured($0, at: start + .seconds(181)) }
        #expect(afterwards == [false, true])
    }
}
