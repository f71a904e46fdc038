import Domain
import Security
import Testing

@Suite struct RevokedSessionsTests {
    @Test func `a session is refused for as long as a token of it can live`() {
        let revoked = RevokedSessions(tokenLifetime: .seconds(60), leeway: .seconds(10))
        let (one, other) = (SessionID.random(), SessionID.random())
        let start = ContinuousClock.now
        #expect(!revoked.contains(one) && !revoked.isComplete(now: start) && revoked.horizon == .seconds(70))
        revoked.add([one], now: start)
        revoked.add([one], now: start + .seconds(30))
        revoked.completed(now: start + .seconds(69))
        #expect(revoked.contains(one) && !revoked.contains(other))
        revoked.completed(now: start + .seconds(70))
        #expect(!revoked.contains(one))
    }

    @Test func `what is known counts as all for a few seconds`() {
        let revoked = RevokedSessions(tokenLifetime: .seconds(60))
        let start = ContinuousClock.now
        revoked.add([SessionID.random()], now: start)
        #expect(!revoked.isComplete(now: start))
        revoked.completed(now: start)
        #expect(revoked.isComplete(now: start + .seconds(5)) && !revoked.isComplete(now: start + .seconds(6)))
        revoked.completed(now: start + .seconds(9))
        // An answer that comes late says nothing newer.
        revoked.completed(now: start + .seconds(1))
        #expect(revoked.isComplete(now: start + .seconds(14)) && !revoked.isComplete(now: start + .seconds(15)))
    }
}
