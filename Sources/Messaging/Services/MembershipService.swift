package import Domain

/// Changes members' own settings of a chat, and tells their other devices.
///
/// Loop-bound.
package final class MembershipService {
    private let store: any MembershipStore
    private let publish: (EphemeralEvent) -> Void

    /// A service over a store of the same loop; `publish` gets what the user's devices are told.
    package init(store: any MembershipStore, publish: @escaping (EphemeralEvent) -> Void) {
        self.store = store
        self.publish = publish
    }

    /// Changes a member's side of a chat and returns it as it is then; devices are told what differs from before.
    ///
    /// - Throws: `chat_not_found` for a stranger, and `StoreError`.
    package func change(
        _ change: MembershipChange,
        of chat: ChatID,
        for user: UserID
    ) async throws -> Membership {
        guard let state = try await store.change(change, of: chat, for: user) else { throw Failure.chatNotFound }
        if state.hasChanged { tell(state.membership, of: chat, to: user) }
        return state.membership
    }

    /// Tells a user's devices of a side of a chat that something else has changed; nothing where it cannot be read.
    package func tell(_ chat: ChatID, to user: UserID) async {
        guard let state = try? await store.change(MembershipChange(), of: chat, for: user) else { return }
        tell(state.membership, of: chat, to: user)
    }

    private func tell(_ my: Membership, of chat: ChatID, to user: UserID) {
        publish(EphemeralEncoder.membership(my, of: chat, to: user))
    }
}
