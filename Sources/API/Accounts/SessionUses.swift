package import Domain
internal import Synchronization

/// When the sessions of a node were last used, until that is written; shared by its loops.
package final class SessionUses: Sendable {
    /// A session and when it was seen.
    package struct Use: Sendable {
        package let session: SessionID
        package let at: Timestamp
    }

    private struct State {
        var noted: [SessionID: Timestamp] = [:]
        var waiting: [Use] = []
    }

    private let state = Mutex(State())

    /// How often it is written that a session is in use.
    package static let interval = Duration.seconds(60)
    /// Sessions remembered; of more, a use may be written more often.
    private static let limit = 100_000

    /// Nothing was used yet.
    package init() {}

    /// A request showed a token of the session; what was noted less than ``interval`` ago is not noted again.
    func note(_ caller: Caller, at now: Timestamp) {
        state.withLock { state in
            let last = state.noted[caller.session]?.milliseconds ?? .min / 2
            guard now.milliseconds - last >= Self.interval.components.seconds * 1_000 else { return }
            if state.noted.count >= Self.limit { state.noted = [:] }
            state.noted[caller.session] = now
            if state.waiting.count < Self.limit {
                state.waiting.append(Use(session: caller.session, at: now))
            }
        }
    }

    /// Takes what is to be written.
    func take(limit: Int) -> [Use] {
        state.withLock { state in
            let taken = Array(state.waiting.prefix(limit))
            state.waiting.removeFirst(taken.count)
            return taken
        }
    }
}
