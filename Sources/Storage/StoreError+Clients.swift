internal import Domain
internal import Mongo
internal import Postgres
internal import Redis

extension StoreError {
    /// What an error of Postgres means to whoever asked for the write or read.
    init(_ error: PostgresError) {
        self.init(.postgres, Self.outcome(of: error), error.description)
    }

    /// What an error of MongoDB means.
    init(_ error: MongoError) {
        self.init(.mongo, Self.outcome(of: error), error.description)
    }

    /// What an error of Redis means.
    init(_ error: RedisError) {
        let outcome: Outcome =
            if error.isOutcomeUnknown { .unknown } else if error.isRetryable || error.code == .shutdown {
                .retryable
            } else { .permanent }
        self.init(.redis, outcome, error.description)
    }

    private static func outcome(of error: PostgresError) -> Outcome {
        if error.isOutcomeUnknown { return .unknown }
        if error.isRetryable || error.code == .shutdown { return .retryable }
        // The server ended the statement, has no room, or is a standby now: it wrote nothing and may be well again soon.
        guard let state = error.sqlstate else { return .permanent }
        return state == "57014" || state == "25006" || state.hasPrefix("53") || state.hasPrefix("58")
            ? .retryable : .permanent
    }

    private static func outcome(of error: MongoError) -> Outcome {
        if error.isOutcomeUnknown { return .unknown }
        switch error.code {
        case .documentValidation, .decoding, .invalidArgument, .resultTooLarge: return .permanent
        default: return .retryable
        }
    }
}

/// Runs a call of Postgres and throws what its failure means.
func postgres<Value>(_ body: () async throws(PostgresError) -> Value) async throws(StoreError) -> Value {
    do {
        return try await body()
    } catch {
        throw StoreError(error)
    }
}
