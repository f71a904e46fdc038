/// One SQL statement with its parameters: `"SELECT name FROM chats WHERE id = \(id)"`.
///
/// Every interpolated value becomes a bind (`$1`, `$2`, …) sent apart from the text, and the text itself is taken from
/// `StaticString` alone, which only the compiler can make. So no value from outside can become SQL, by construction.
/// One statement per query: the extended protocol refuses a second one.
package struct PostgresQuery: Sendable, ExpressibleByStringInterpolation {
    let sql: String
    let binds: PostgresBinds
    /// A short label for metrics, such as `chat.head`; queries without one share the label `unnamed`.
    package private(set) var name: String

    package init(stringLiteral value: StaticString) {
        self.sql = value.description
        self.binds = PostgresBinds()
        self.name = "unnamed"
    }

    package init(stringInterpolation: StringInterpolation) {
        self.sql = stringInterpolation.sql
        self.binds = stringInterpolation.binds
        self.name = "unnamed"
    }

    /// A text of several statements without parameters; only for scripts of ours.
    init(script: String) {
        self.sql = script
        self.binds = PostgresBinds()
        self.name = "script"
    }

    /// The same query under a label for metrics.
    package func named(_ name: String) -> PostgresQuery {
        var query = self
        query.name = name
        return query
    }

    /// Collects text and binds; used by the compiler.
    package struct StringInterpolation: StringInterpolationProtocol {
        var sql: String
        var binds: PostgresBinds

        package init(literalCapacity: Int, interpolationCount: Int) {
            sql = ""
            sql.reserveCapacity(literalCapacity + 3 * interpolationCount)
            binds = PostgresBinds()
        }

        package mutating func appendLiteral(_ literal: StaticString) {
            literal.withUTF8Buffer { unsafe sql.append(String(decoding: $0, as: UTF8.self)) }
        }

        /// Adds a bind.
        ///
        /// A value that cannot be encoded makes the query fail when it is sent, before anything is.
        package mutating func appendInterpolation(_ value: some PostgresEncodable) {
            binds.append(value)
            sql.append("$")
            sql.append(String(binds.count))
        }

        /// Adds a bind that may be NULL; apart from the other, since the compiler warns of Optionals in a generic one.
        package mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value?) {
            binds.append(value)
            sql.append("$")
            sql.append(String(binds.count))
        }
    }
}
