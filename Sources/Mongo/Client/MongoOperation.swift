/// The operations of a client, as its observer names them.
package enum MongoOperation: String, Sendable, CaseIterable {
    case find
    case aggregate
    case bulkReplace = "bulk_replace"
    case insertMany = "insert_many"
    case bulkUpdate = "bulk_update"
    case updateMany = "update_many"
    case deleteMany = "delete_many"
    case command
    case ping

    /// Whether the operation may change data, so that a failure can leave its outcome unknown.
    var mayWrite: Bool {
        switch self {
        case .find, .aggregate, .ping: false
        case .bulkReplace, .bulkUpdate, .insertMany, .updateMany, .deleteMany, .command: true
        }
    }
}

/// Told of every finished operation: which, how long its caller waited, and why it failed if it did.
///
/// Called on the caller's executor; it must not block.
package typealias MongoObserver =
    @Sendable (_ operation: MongoOperation, _ latency: Duration, _ error: MongoError?) -> Void
