package import Domain
internal import Synchronization

/// The sessions whose access tokens are refused before they end, as far as a node has learnt of them; shared by its loops.
///
/// Whoever asks the store for revocations adds what it finds; one that is learnt of twice stays as long as if once.
package final class RevokedSessions: Sendable {
    private struct State {
        var ends: [SessionID: ContinuousClock.Instant] = [:]
        var isComplete = false
    }

    private let state = Mutex(State())
    private let lifetime: Duration

    /// Sessions are remembered for as long as a token of theirs can live, and a while longer, where clocks differ.
    package init(tokenLifetime: Duration, leeway: Duration = .seconds(120)) { lifetime = tokenLifetime + leeway }

    /// How far back revocations matter.
    package var horizon: Duration { lifetime }

    /// Whether the revocations of the whole ``horizon`` were added once; before that a session has to be looked up.
    package var isComplete: Bool { state.withLock { $0.isComplete } }

    /// Refuses these from now on.
    package func add(_ sessions: some Sequence<SessionID>, now: ContinuousClock.Instant = .now) {
        let sessions = Array(sessions)
        state.withLock { state in
            for session in sessions where state.ends[session] == nil { state.ends[session] = now + lifetime }
        }
    }

    /// Whether the session was revoked.
    package func contains(_ session: SessionID) -> Bool { state.withLock { $0.ends[session] != nil } }

    /// The whole horizon was added; forgets what no token can be of any more.
    package func completed(now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            state.isComplete = true
            if state.ends.values.contains(where: { $0 <= now }) { state.ends = state.ends.filter { $0.value > now } }
        }
    }
}
