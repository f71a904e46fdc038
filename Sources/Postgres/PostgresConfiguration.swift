/// How to reach a Postgres server and within which bounds to use it.
package struct PostgresConfiguration: Sendable {
    /// A `postgresql://` URL with everything libpq allows in it: hosts, TLS files, `sslmode` and so on.
    let url: String
    private let urlOptions: String

    /// How the server lists our connections.
    package var applicationName = "duologue"
    /// Connections of one loop that share reads, one Sync a tick.
    package var readers = 2
    /// Connections of one loop that share writes, one Sync a statement.
    package var writers = 2
    /// Connections of one loop for transactions and sessions.
    package var sessions = 1
    /// When a caller gives up, unless it names its own deadline; `statement_timeout` on the server too.
    package var deadline: Duration = .seconds(5)
    /// How long one attempt to connect may take.
    ///
    /// libpq counts whole seconds, at least 2.
    package var connectTimeout: Duration = .seconds(3)
    /// `lock_timeout` on the server.
    package var lockTimeout: Duration = .seconds(2)
    /// `idle_in_transaction_session_timeout` on the server: a caller that hangs must not hold locks for ever.
    package var idleInTransactionTimeout: Duration = .seconds(10)
    /// Statements in flight on one connection, and statements waiting for one, before `.overloaded`.
    package var inFlightLimit = 1_024
    /// Callers that may wait for a session.
    package var sessionWaiterLimit = 64
    /// Prepared statements kept on one connection.
    package var statementLimit = 256
    /// Settings of the server for every connection, as `name=value`; words of ours, without spaces.
    package var settings: [String] = []
    /// An answer that takes more memory is refused, once it is complete.
    ///
    /// Statements bound their rows themselves.
    package var answerLimitBytes = 64 * 1024 * 1024

    /// Takes a URL.
    ///
    /// Throws `.unavailable` if libpq cannot read it; the text of the error does not repeat the URL.
    package init(url: String) throws(PostgresError) {
        guard let options = LibpqConnection.sessionOptions(inURL: url) else {
            throw PostgresError(.unavailable, "the URL of Postgres is not valid")
        }
        self.url = url
        self.urlOptions = options
    }

    /// For `PQconnectdbParams`, where what comes later wins: the URL may name the application and its own timeout.
    var parameters: [(String, String)] {
        var options = [
            "-c statement_timeout=\(deadline.wholeMilliseconds)",
            "-c lock_timeout=\(lockTimeout.wholeMilliseconds)",
            "-c idle_in_transaction_session_timeout=\(idleInTransactionTimeout.wholeMilliseconds)",
        ]
        options += settings.map { "-c \($0)" }
        options.append(urlOptions)
        return [
            ("application_name", applicationName),
            ("connect_timeout", String(max(2, connectTimeout.components.seconds))),
            ("dbname", url),
            ("client_encoding", "UTF8"),
            ("options", options.joined(separator: " ")),
        ]
    }
}

extension Duration {
    /// At least 1, since 0 turns a timeout of the server off.
    fileprivate var wholeMilliseconds: Int64 {
        max(1, components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000)
    }
}
