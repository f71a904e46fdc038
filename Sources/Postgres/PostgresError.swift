/// Why a statement has no answer.
///
/// The text never holds a parameter's value: neither the server's DETAIL nor the primary message of a data
/// exception, which quote them, are taken over.
package struct PostgresError: Error, Sendable, Equatable {
    /// What went wrong, as a caller may tell causes apart.
    package enum Code: Sendable, Equatable {
        /// No connection, or the connection was lost.
        case unavailable
        /// The deadline passed while the statement was with the server.
        case timeout
        /// A queue of this client is full; nothing was sent.
        case overloaded
        /// A constraint refused the row. Its name is empty where the server gives none (NOT NULL).
        case constraint(name: String, sqlstate: String)
        /// Serialization failure, deadlock, or a lock that was not to be had (40001, 40P01, 55P03).
        case serialization(sqlstate: String)
        /// Any other refusal by the server.
        case server(sqlstate: String)
        /// A parameter cannot be expressed in Postgres, such as a string holding NUL; nothing was sent.
        case encoding
        /// A column is not of the type that was asked for.
        case decoding
        /// The client was shut down.
        case shutdown
    }

    /// The cause.
    package let code: Code
    /// The cause in words, free of parameter values.
    package let message: String
    /// True if a write may have been committed although there is no answer.
    ///
    /// Reads never set it.
    package let isOutcomeUnknown: Bool

    /// Makes an error of a known outcome, unless told otherwise.
    package init(_ code: Code, _ message: String, isOutcomeUnknown: Bool = false) {
        self.code = code
        self.message = message
        self.isOutcomeUnknown = isOutcomeUnknown
    }

    /// True if the same statement may succeed when it is tried again.
    ///
    /// Where ``isOutcomeUnknown`` is true as well, only an idempotent write may be.
    package var isRetryable: Bool {
        switch code {
        case .unavailable, .timeout, .overloaded, .serialization: true
        case .constraint, .server, .encoding, .decoding, .shutdown: false
        }
    }

    /// The five characters the server gave, if it was the server that refused.
    package var sqlstate: String? {
        switch code {
        case .constraint(_, let sqlstate), .serialization(let sqlstate), .server(let sqlstate): sqlstate
        case .unavailable, .timeout, .overloaded, .encoding, .decoding, .shutdown: nil
        }
    }

    /// Translates the fields of an ErrorResponse.
    ///
    /// Source: PostgreSQL documentation, appendix A, "PostgreSQL Error Codes".
    init(sqlstate: String, primary: String, constraint: String) {
        switch sqlstate {
        case "40001", "40P01", "55P03":
            self.init(.serialization(sqlstate: sqlstate), primary)
        case "57P01", "57P02", "57P03", "57P05":
            self.init(.unavailable, primary)
        case _ where sqlstate.hasPrefix("08"):
            self.init(.unavailable, primary)
        case _ where sqlstate.hasPrefix("23"):
            self.init(.constraint(name: constraint, sqlstate: sqlstate), primary)
        case _ where sqlstate.hasPrefix("22"):
            self.init(.server(sqlstate: sqlstate), "data exception")
        default:
            self.init(.server(sqlstate: sqlstate), primary)
        }
    }

    /// The server knows no such prepared statement, or its result type changed under it by DDL: nothing ran, and
    /// preparing afresh cures it.
    var isStaleStatement: Bool { sqlstate == "26000" || sqlstate == "0A000" }

    func withUnknownOutcome(_ isOutcomeUnknown: Bool = true) -> PostgresError {
        PostgresError(code, message, isOutcomeUnknown: isOutcomeUnknown)
    }
}

extension PostgresError: CustomStringConvertible {
    package var description: String {
        "\(code): \(message)\(isOutcomeUnknown ? " (outcome unknown)" : "")"
    }
}
