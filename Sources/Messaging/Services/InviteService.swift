package import Domain
internal import Hashing

/// Makes invites, and lets people in by them.
///
/// Loop-bound.
package final class InviteService {
    private let gate: WriteGate
    private let store: any InviteStore
    private let chats: ChatService

    /// More than 128, so that nobody finds one by trying.
    private static let codeBytes = 18

    /// A service over the node's lane and a store of the same loop.
    package init(gate: WriteGate, store: any InviteStore, chats: ChatService) {
        self.gate = gate
        self.store = store
        self.chats = chats
    }

    /// Makes an invite with a new code.
    ///
    /// - Throws: what the store throws.
    package func make(_ draft: InviteDraft, in chat: ChatID, by user: UserID) async throws -> Invite {
        let code = Base64URL.encode(SecureRandom.bytes(Self.codeBytes))
        return try await store.make(draft, code: code, in: chat, by: user)
    }

    /// The invites of a chat, oldest first.
    ///
    /// - Throws: what the store throws.
    package func invites(of chat: ChatID, for user: UserID) async throws -> [Invite] {
        try await store.invites(of: chat, for: user)
    }

    /// Ends an invite for good.
    ///
    /// - Throws: what the store throws.
    package func revoke(_ code: String, of chat: ChatID, by user: UserID) async throws {
        try await store.revoke(code, of: chat, by: user)
    }

    /// Makes the user a member of a chat, whose use of the invite counts in the same commit; who is in already stays so.
    ///
    /// - Throws: `chat_not_found` for whatever is wrong with the entrance, so that a stranger learns nothing;
    ///   `limit_exceeded` for a full chat, `idempotency_mismatch`, and what the coordinator throws.
    package func join(
        _ chat: ChatID,
        by entrance: Entrance,
        as user: UserID,
        memberLimit: Int,
        id: OperationID
    ) async throws -> (chat: ShownChat, isNew: Bool) {
        let addition = ParticipantAddition(user: user, role: .member, memberLimit: memberLimit, entrance: entrance)
        let body = Operation.Body.addParticipant(addition)
        let outcome = try await gate.submit(OperationCodec.operation(chat: chat, actor: user, id: id, body: body))
        return (try await chats.get(chat, for: user), outcome.isNew)
    }
}
