internal import Audit
internal import Domain
internal import Mongo
internal import Postgres

/// What a repair does about one place, in the order: copies aside, documents, rows.
struct RepairPlan {
    /// A change of one document; the guard is the `rev` it was read with.
    enum Write {
        /// Left alone if something stands there by then.
        case insert(String, BSONDocument)
        case replace(String, BSONDocument, with: BSONDocument)
        case remove(String, BSONDocument)
    }

    /// Copies to keep: collection, document, reason.
    var copies: [(from: String, document: BSONDocument, reason: String)] = []
    var writes: [Write] = []
    var statements: [PostgresQuery] = []
    /// What is done, for people.
    var actions: [String] = []
    /// Why something is left as it is, for people.
    var refusals: [String] = []

    /// Whether readers may see something else afterwards.
    var changesSomething: Bool { !writes.isEmpty || !statements.isEmpty }

    /// Nothing to do.
    static let none = RepairPlan()

    /// Leaves it as it is.
    static func refuse(_ reason: String) -> RepairPlan {
        var plan = RepairPlan()
        plan.refusals = [reason]
        return plan
    }

    /// Takes a document out of its collection, with a copy kept.
    static func moveAside(_ document: BSONDocument, from collection: String, _ action: String) -> RepairPlan {
        var plan = RepairPlan()
        plan.copies = [(collection, document, action)]
        plan.writes = [.remove(collection, document)]
        plan.actions = [action]
        return plan
    }

    /// Puts a document in the place of another, or where there is none.
    mutating func put(_ document: BSONDocument, over old: BSONDocument?, in collection: String) {
        writes.append(old.map { .replace(collection, $0, with: document) } ?? .insert(collection, document))
    }

    /// Adds another plan to this one.
    mutating func append(_ other: RepairPlan) {
        copies += other.copies
        writes += other.writes
        statements += other.statements
        actions += other.actions
        refusals += other.refusals
    }
}

/// What planning a repair may use: the transaction that holds the chat's lock, and MongoDB.
struct RepairContext {
    let ask: Ask
    let mongo: MongoClient
    /// Of the locked chat; nil where it has no row.
    let lastOffset: Offset?
    /// Whether the chat's row counts events after the last one there is.
    let lacksTail: Bool
    /// The database's clock, in whole milliseconds.
    let now: Timestamp
}
