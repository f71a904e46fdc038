#if FAILPOINTS
/// A step of the write protocol at which a debug build can be made to die, to wait or to fail.
///
/// Raw values are what `DUOLOGUE_FAILPOINTS` names them by. An error at a step is the one that a lost connection would
/// give there.
package enum Failpoint: String, Sendable, CaseIterable {
    /// The lane is about to send a batch to Postgres; nothing is decided.
    case commitBefore = "commit.before"
    /// Postgres has decided the batch, and its answer is lost.
    case commitAfter = "commit.after"
    /// The lane is about to send a batch's documents to MongoDB.
    case applyBefore = "apply.before"
    /// The first half of a batch's documents stands in MongoDB; the rest was not sent.
    case applyPartial = "apply.partial"
    /// MongoDB holds all of a batch, and its answer is lost.
    case applyAfter = "apply.after"
    /// Both stores hold a batch and the lane knows; no caller has been answered.
    case acknowledgeBefore = "ack.before"
    /// A batch is about to be announced; an error leaves the other nodes without it.
    case announceBefore = "announce.before"
    /// A batch was announced; its redo row is there.
    case announceAfter = "announce.after"
    /// Finished redo rows are about to be dropped, by the timer; those dropped by a commit go with it.
    case dropBefore = "drop.before"
    /// Finished redo rows are dropped, and the answer is lost.
    case dropAfter = "drop.after"
    /// A recovery has leased abandoned rows and done nothing else.
    case recoveryTaken = "recovery.taken"
    /// A recovery has written a row's documents.
    case recoveryApplied = "recovery.applied"
    /// A recovery has announced a row.
    case recoveryAnnounced = "recovery.announced"
    /// A recovery has dropped the rows it finished, and the answer is lost.
    case recoveryDropped = "recovery.dropped"
    /// MongoDB refused documents for good; their chats are about to be set apart.
    case quarantineBefore = "quarantine.before"
    /// The chats are set apart, and the answer is lost.
    case quarantineAfter = "quarantine.after"
    /// Tombstones are marked as purged; their content is in MongoDB.
    case purgeMarked = "purge.marked"
    /// The content is erased; the marks are not yet forgotten.
    case purgeErased = "purge.erased"
    /// A reader has its Postgres snapshot and has not yet asked MongoDB.
    case readBetween = "read.between"
}
#endif
