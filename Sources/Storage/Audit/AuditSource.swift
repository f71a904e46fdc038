internal import Audit
internal import Domain
internal import Mongo
internal import Postgres

/// Which documents of a collection to read, from either store.
enum AuditSelection<Key: AuditKey>: Sendable {
    /// The first of those after a key, in their order, within a range of chats.
    case window(after: Key?, chats: ClosedRange<Int64>, limit: Int)
    /// Those named, in any order.
    case keys([Key])
}

/// Something found in MongoDB, with the document as it is there.
struct Located<Key: AuditKey, Found: Sendable>: Sendable {
    let key: Key
    let found: Found
    let raw: BSONDocument
}

/// Runs a statement: on any connection, or in the transaction of a repair.
typealias Ask = (PostgresQuery) async throws(PostgresError) -> [PostgresRow]

/// One collection of MongoDB with what Postgres knows about it.
///
/// Loop-bound.
protocol AuditSource: AnyObject, SendableMetatype {
    associatedtype Key: AuditKey
    associatedtype Facts: Equatable & Sendable
    associatedtype Found: Sendable

    /// What Postgres knows, all of one moment, ascending in a window.
    ///
    /// Whether a redo row covers it is told for named keys only.
    func facts(_ selection: AuditSelection<Key>, _ ask: Ask) async throws -> [(key: Key, facts: Facts)]

    /// What a majority of MongoDB holds, ascending in a window; fewer than the limit only at the end.
    static func found(
        _ selection: AuditSelection<Key>,
        _ mongo: MongoClient,
        within deadline: Duration
    ) async throws -> (located: [Located<Key, Found>], isFull: Bool)

    /// The offsets at which something happened to it, as its document and Postgres' own rows have them.
    ///
    /// One that was given out and has no event shows that history is missing, and that its rest must not be taken for all.
    func revisions(_ facts: Facts?, _ located: Located<Key, Found>?) -> Set<Int64>

    /// Whether a redo row still holds an operation on it.
    func isCovered(_ facts: Facts) -> Bool

    /// What differs.
    func differences(_ facts: Facts?, _ found: Found?) -> [FindingKind]

    /// Plans what mends the differences of one key; the caller holds its chat's lock and performs the plan.
    func mend(
        _ key: Key,
        _ kinds: [FindingKind],
        _ facts: Facts?,
        _ located: Located<Key, Found>?,
        _ context: RepairContext
    ) async throws -> RepairPlan
}

extension AuditSource {
    func revisions(_ facts: Facts?, _ located: Located<Key, Found>?) -> Set<Int64> {
        Set([try? located?.raw.int64(ifPresent: "rev")].compactMap(\.self))
    }
}
