/// A mistake that a coordinator could make, put in on purpose: the simulation has to find it.
package enum PlantedBug: String, CaseIterable, Sendable {
    /// A batch is announced and answered although MongoDB did not take it.
    case publishUnwritten = "publish-unwritten"
    /// Callers are answered when Postgres has decided.
    case earlyAnswer = "early-answer"
    /// The redo row goes when MongoDB has the batch, before it is announced.
    case earlyDrop = "early-drop"
    /// A batch that MongoDB holds makes those before it count as held too.
    case skipFailed = "skip-failed"
    /// Recovery forgets a row it could not write.
    case forgetFailed = "forget-failed"
    /// MongoDB replaces documents whatever their revision.
    case noGuard = "no-guard"
    /// The commit does not look for operations done before.
    case noDeduplication = "no-deduplication"
    /// A second run of a batch decides by what the first one saw, as if it did not lock the chats.
    case staleRerun = "stale-rerun"
    /// What is left of a batch of which some was set apart is dropped as finished.
    case dropQuarantined = "drop-quarantined"
    /// A hub passes on what is behind a hole.
    case skipHole = "skip-hole"
    /// An old document is taken although its message has moved.
    case noMovedCheck = "no-moved-check"
}
