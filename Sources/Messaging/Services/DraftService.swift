package import Domain

/// Drafts, the same on all devices of their author.
///
/// Loop-bound.
package final class DraftService {
    private let store: any DraftStore
    private let publish: (EphemeralEvent) -> Void

    /// A service over a store of the same loop; `publish` gets what the author's devices are told.
    package init(store: any DraftStore, publish: @escaping (EphemeralEvent) -> Void) {
        self.store = store
        self.publish = publish
    }

    /// The user's draft in a chat.
    ///
    /// - Throws: `chat_not_found` for a stranger, `not_found` where there is none, and `StoreError`.
    package func draft(in chat: ChatID, of user: UserID) async throws -> SyncedDraft {
        try Self.draft(await store.draft(in: chat, of: user))
    }

    /// Replaces the user's draft, of whatever device it was, and tells all of them.
    ///
    /// - Throws: `chat_not_found` for a stranger, `message_not_found` for a message to reply to that does not exist, and
    ///   `StoreError`.
    package func put(
        _ content: String,
        replyingTo replyTo: SequenceNumber?,
        in chat: ChatID,
        of user: UserID
    ) async throws -> SyncedDraft {
        let draft = try Self.draft(await store.put(content, replyingTo: replyTo, in: chat, of: user))
        publish(EphemeralEncoder.draft(draft, in: chat, of: user))
        return draft
    }

    /// Forgets the user's draft, if there is one, and tells all devices.
    ///
    /// - Throws: `chat_not_found` for a stranger, and `StoreError`.
    package func remove(in chat: ChatID, of user: UserID) async throws {
        guard try await store.remove(in: chat, of: user) != .stranger else { throw Failure.chatNotFound }
        publish(EphemeralEncoder.draft(nil, in: chat, of: user))
    }

    private static func draft(_ outcome: DraftOutcome) throws(Failure) -> SyncedDraft {
        switch outcome {
        case .draft(let draft): return draft
        case .none: throw Failure(.notFound, "There is no draft in this chat.")
        case .stranger: throw .chatNotFound
        case .missing: throw .messageNotFound
        }
    }
}
