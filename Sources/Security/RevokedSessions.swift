package import Domain
internal import Synchronization

/// The sessions whose access tokens are refused before they end, as far as a node has learnt of them; shared by its loops.
///
/// Whoever asks the store for revocations adds what it finds; one that is learnt of twice stays as long as if once.
package final class RevokedSessions: Sendable {
    private struct State {
        var ends: [SessionID: ContinuousClock.Instant] = [:]
        /// As of when all were known last.
        var completedAt: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let lifetime: Duration

    /// For how long what is known counts as all there is.
    private static let freshness = Duration.seconds(6)

    /// Sessions are remembered for as long as a token of theirs can live, and a while longer, where clocks differ.
    package init(tokenLifetime: Duration, leeway: Duration = .seconds(120)) { lifetime = tokenLifetime + leeway }

    /// How far back revocations matter.
    package var horizon: Duration { lifetime }

    /// Whether all revocations of the whole ``horizon`` were known a few seconds ago; otherwise a session has to be looked up.
    package func isComplete(now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { state in state.completedAt.map { now - $0 < Self.freshness } ?? false }
    }

    /// Refuses these from now on.
    package func add(_ sessions: some Sequence<SessionID>, now: ContinuousClock.Instant = .now) {
        let sessions = Array(sessions)
        state.withLock { state in
            for session in sessions where state.ends[session] == nil { state.ends[session] = now + lifetime }
        }
    }

    /// Whether the session was revoked.
    package func contains(_ session: SessionID) -> Bool { state.withLock { $0.ends[session] != nil } }

    /// What was revoked before `now` was added, all of it; forgets what no token can be of any more.
    package func completed(now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            state.completedAt = max(state.completedAt ?? now, now)
            if state.ends.values.contains(where: { $0 <= now }) { state.ends = state.ends.filter { $0.value > now } }
        }
    }
}
