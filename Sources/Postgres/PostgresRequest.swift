internal import IOCore

/// A statement a caller waits for.
///
/// Loop-bound.
final class PostgresRequest {
    typealias Outcome = Result<LibpqResult, PostgresError>

    let query: PostgresQuery
    let policy: SyncPolicy
    let start: ContinuousClock.Instant
    let expiry: ContinuousClock.Instant
    /// It was lost with one connection already.
    var isRepeat = false
    private var continuation: CheckedContinuation<Outcome, Never>?

    init(
        _ query: PostgresQuery,
        policy: SyncPolicy,
        start: ContinuousClock.Instant,
        deadline: Duration,
        continuation: CheckedContinuation<Outcome, Never>
    ) {
        self.query = query
        self.policy = policy
        self.start = start
        self.expiry = start + deadline
        self.continuation = continuation
    }

    var isRead: Bool { policy == .perTick }
    var isFinished: Bool { continuation == nil }
    var key: StatementCache.Key { StatementCache.Key(sql: query.sql, types: query.binds.types) }

    /// Answers the caller; only the first call does, for after a timeout the real answer may still come.
    func finish(_ outcome: Outcome) {
        continuation?.resume(returning: outcome)
        continuation = nil
    }
}
