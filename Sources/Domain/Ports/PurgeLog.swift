/// Which deleted messages are to lose their content for good.
///
/// Loop-bound. All methods throw `StoreError`.
package protocol PurgeLog: AnyObject {
    /// Marks messages deleted longer ago than `age` (database clock) as purged, each under its chat's lock and only where no
    /// redo covers it, and answers those marked, now or earlier, that are not finished.
    func takePurges(olderThan age: Duration, limit: Int) async throws -> [PurgeTarget]

    /// Forgets purges whose content is gone from MongoDB.
    func finishPurges(_ targets: [PurgeTarget]) async throws
}

/// A tombstone whose content is to be erased.
package struct PurgeTarget: Sendable, Hashable {
    package var message: MessageID
    /// The revision of the deletion.
    package var revision: Offset

    /// Makes a target of all its fields.
    package init(message: MessageID, revision: Offset) {
        self.message = message
        self.revision = revision
    }
}
