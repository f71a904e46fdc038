import Domain
import Security
import Testing

@Suite struct RevokedSessionsTests {
    @Test func `a session is refused for as long as a token of it can live`() {
        let revoked = RevokedSessions(tokenLifetime: .seconds(60), leeway: .seconds(10))
        let (one, other) = (SessionID.random(), SessionID.random())
        let start = ContinuousClock.now
        #expect(!revoked.contains(one) && !revoked.isComplete && revoked.horizon == .seconds(70))
        revoked.add([one], now: start)
        revoked.add([one], now: start + .seconds(30))
        revoked.completed(now: start + .seconds(69))
        #expect(revoked.contains(one) && !revoked.contains(other) && revoked.isComplete)
        revoked.completed(now: start + .seconds(70))
        #expect(!revoked.contains(one))
    }
}
