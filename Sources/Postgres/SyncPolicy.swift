/// When a statement is committed, and whether it may be sent again unasked.
enum SyncPolicy: Sendable {
    /// A read: one Sync for all of a loop tick; sent once more if another's failure aborted it.
    case perTick
    /// A write: a Sync, hence a transaction, of its own.
    case perStatement
    /// A statement on a connection leased to one caller, perhaps within a transaction.
    case session
    /// Several statements in one text, by the simple protocol, on a leased connection.
    case script
}
