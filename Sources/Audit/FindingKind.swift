/// How the stores can differ from each other, or from the events that made them.
///
/// The raw value is the name in reports; it stays as it is once released.
package enum FindingKind: String, Sendable, CaseIterable {
    // Bodies: a document of `messages` against its row of `message_metadata` and its events.
    case orphanBody = "orphan_body"
    case missingBody = "missing_body"
    case staleBody = "stale_body"
    case futureBody = "future_body"
    case alteredBody = "altered_body"
    case alteredFields = "altered_fields"
    case unreadableBody = "unreadable_body"
    case resurrectedDelete = "resurrected_delete"
    case falseTombstone = "false_tombstone"
    case unpurgedBody = "unpurged_body"
    // The other collections.
    case ghostReaction = "ghost_reaction"
    case missingReaction = "missing_reaction"
    case staleReaction = "stale_reaction"
    case missingRevision = "missing_revision"
    case orphanRevision = "orphan_revision"
    case unpurgedRevision = "unpurged_revision"
    case threadDrift = "thread_drift"
    case orphanThread = "orphan_thread"
    // Postgres against itself.
    case metadataOrphan = "metadata_orphan"
    case metadataMissing = "metadata_missing"
    case metadataDrift = "metadata_drift"
    case sequenceHole = "seq_hole"
    case offsetHole = "offset_hole"
    case counterDrift = "counter_drift"
    case membershipDrift = "membership_drift"
    case pinDrift = "pin_drift"
    case missingChat = "missing_chat"
    case foreignActor = "foreign_actor"
    case duplicatedOperation = "duplicated_op"
    // Unfinished work.
    case stuckRedo = "stuck_redo"
    case quarantinedChat = "quarantined_chat"

    /// What it means, for people.
    package var meaning: String {
        switch self {
        case .orphanBody: "a body in MongoDB that Postgres does not know"
        case .missingBody: "a committed message without a body"
        case .staleBody: "a body older than the last committed change"
        case .futureBody: "a body newer than the last committed change"
        case .alteredBody: "a body that is not what was committed"
        case .alteredFields: "a body whose sender, times or references are not what was committed"
        case .unreadableBody: "a body that is no message"
        case .resurrectedDelete: "a deleted message that MongoDB shows"
        case .falseTombstone: "a message that MongoDB hides although it is not deleted"
        case .unpurgedBody: "content that was to be erased"
        case .ghostReaction: "a reaction in MongoDB that nobody has on"
        case .missingReaction: "a reaction that MongoDB does not show"
        case .staleReaction: "a reaction with the state of an older event"
        case .missingRevision: "an edit without what was said before"
        case .orphanRevision: "a revision that no edit made"
        case .unpurgedRevision: "a revision whose content was to be erased"
        case .threadDrift: "a thread summary that its replies contradict"
        case .orphanThread: "a summary of a thread that has no replies"
        case .metadataOrphan: "message metadata without the event that made it"
        case .metadataMissing: "a message event without its metadata"
        case .metadataDrift: "message metadata that its events contradict"
        case .sequenceHole: "a message number that no event has"
        case .offsetHole: "an offset that no event has"
        case .counterDrift: "chat counters that the events or participants contradict"
        case .membershipDrift: "participants that the membership events contradict"
        case .pinDrift: "pins that the pin events contradict"
        case .missingChat: "events of a chat that has no row"
        case .foreignActor: "an event by somebody who was no member then"
        case .duplicatedOperation: "an operation with more than one event"
        case .stuckRedo: "a committed batch that is not finished in time"
        case .quarantinedChat: "a chat whose writes MongoDB refuses"
        }
    }
}
