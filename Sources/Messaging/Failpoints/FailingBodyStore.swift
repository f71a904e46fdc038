#if FAILPOINTS
package import Domain
package import IOCore

/// A body store that passes failpoints around another one's writes.
///
/// Loop-bound.
package final class FailingBodyStore: BodyStore {
    private let bodies: any BodyStore
    private let failpoints: Failpoints
    private let user: FailingCommitLog.User
    private let loop: EventLoop

    /// Wraps a store of the same loop.
    package init(
        _ bodies: any BodyStore,
        _ failpoints: Failpoints,
        for user: FailingCommitLog.User,
        loop: EventLoop
    ) {
        self.bodies = bodies
        self.failpoints = failpoints
        self.user = user
        self.loop = loop
    }

    package func apply(_ images: [PostImage]) async throws {
        guard user == .lane else {
            try await bodies.apply(images)
            return try await pass(.recoveryApplied)
        }
        try await pass(.applyBefore)
        if let action = failpoints.due(.applyPartial) {
            try await bodies.apply(Array(images.prefix(images.count / 2)))
            try await failpoints.act(action, at: .applyPartial, of: .mongo, on: loop)
        }
        try await bodies.apply(images)
        try await pass(.applyAfter)
        try await pass(.acknowledgeBefore)
    }

    package func purge(_ targets: [PurgeTarget]) async throws -> [PurgeTarget] {
        if !targets.isEmpty { try await pass(.purgeMarked) }
        let erased = try await bodies.purge(targets)
        if !targets.isEmpty { try await pass(.purgeErased) }
        return erased
    }

    package func messages(
        of chat: ChatID,
        in range: ClosedRange<SequenceNumber>
    ) async throws -> [MessageImage] {
        try await bodies.messages(of: chat, in: range)
    }

    package func reactions(
        of chat: ChatID,
        in range: ClosedRange<SequenceNumber>,
        upTo offset: Offset,
        excluding: [ReactionID]
    ) async throws -> [SequenceNumber: [ReactionGroup]] {
        try await bodies.reactions(of: chat, in: range, upTo: offset, excluding: excluding)
    }

    package func contents(
        of chat: ChatID,
        at sequences: [SequenceNumber],
        upTo offset: Offset,
        excluding: [ReactionID]
    ) async throws -> BodyContents {
        try await bodies.contents(of: chat, at: sequences, upTo: offset, excluding: excluding)
    }

    package func contents(of lookups: [BodyLookup]) async throws -> [MessageID: StoredMessage] {
        try await bodies.contents(of: lookups)
    }

    package func images(_ messages: [MessageID]) async throws -> [MessageID: MessageImage] {
        try await bodies.images(messages)
    }

    package func revisions(
        of message: MessageID,
        after revision: Offset,
        limit: Int
    ) async throws -> [RevisionImage] {
        try await bodies.revisions(of: message, after: revision, limit: limit)
    }

    private func pass(_ point: Failpoint) async throws {
        try await failpoints.pass(point, of: .mongo, on: loop)
    }
}
#endif
