/// Which statements a connection has prepared: a bounded LRU, as a value.
///
/// A statement counts as prepared only from its ParseComplete on. Until then later sync groups must not rely on its name,
/// for if the Parse fails, they would be told that the statement does not exist.
struct StatementCache {
    /// A text with other parameter types is another statement.
    struct Key: Hashable {
        let sql: String
        let types: [PostgresType]
    }

    /// How to run a statement now.
    enum Use: Equatable {
        /// Prepared, or prepared earlier in the same sync group.
        case named(String)
        /// First send a Parse under this name; and before that, deallocate the other if there is one.
        case prepare(String, evicting: String?)
        /// The Parse is still under way in an earlier group: use the unnamed statement.
        case unnamed
    }

    private struct Statement {
        let name: String
        let group: UInt64
        var isConfirmed = false
        var lastUse: UInt64
    }

    private var statements: [Key: Statement] = [:]
    private var clock: UInt64 = 0
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { statements.count }

    /// O(1), and O(limit) where a statement is evicted.
    mutating func use(_ key: Key, group: UInt64) -> Use {
        clock += 1
        if let statement = statements[key] {
            statements[key]?.lastUse = clock
            return statement.isConfirmed || statement.group == group ? .named(statement.name) : .unnamed
        }
        var evicted: String?
        if statements.count >= limit {
            let confirmed = statements.lazy.filter { $0.value.isConfirmed }
            guard let oldest = confirmed.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return .unnamed }
            evicted = oldest.value.name
            statements[oldest.key] = nil
        }
        // Names are never used twice, so a statement that failed or was evicted cannot be mistaken for its successor.
        let name = "s\(clock)"
        statements[key] = Statement(name: name, group: group, lastUse: clock)
        return .prepare(name, evicting: evicted)
    }

    /// The server has answered ParseComplete.
    ///
    /// Prepared statements outlive a rollback.
    mutating func confirm(_ key: Key, name: String) {
        guard statements[key]?.name == name else { return }
        statements[key]?.isConfirmed = true
    }

    /// The Parse failed or was skipped, or the server no longer knows the statement.
    mutating func forget(_ key: Key, name: String? = nil) {
        guard name == nil || statements[key]?.name == name else { return }
        statements[key] = nil
    }
}
