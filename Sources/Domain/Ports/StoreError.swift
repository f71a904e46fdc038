/// A store did not do what it was asked.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    /// Which store it was.
    package enum Store: String, Sendable, CaseIterable {
        case postgres, mongo, redis
    }

    /// What can be concluded from it.
    package enum Outcome: Sendable {
        /// Nothing was written; trying again may help.
        case retryable
        /// It may have been written or not: only asking again, idempotently, tells.
        case unknown
        /// Trying the same again fails again.
        case permanent
    }

    package let store: Store
    package let outcome: Outcome
    /// For operators; holds no values of statements.
    package let message: String
    /// Of a permanent error: the chats whose documents the store will never take; empty where it is not about some.
    package let chats: Set<ChatID>

    /// Makes an error of all its fields.
    package init(_ store: Store, _ outcome: Outcome, _ message: String, chats: Set<ChatID> = []) {
        self.store = store
        self.outcome = outcome
        self.message = message
        self.chats = chats
    }

    package var description: String { "\(store.rawValue): \(message)" }
}
