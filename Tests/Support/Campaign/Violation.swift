/// One promise that was broken, with where.
package struct Violation: Sendable, CustomStringConvertible {
    /// What kind of promise, as the campaign's table counts them.
    package enum Kind: String, Sendable, CaseIterable {
        /// Acknowledged, and not there.
        case lost
        /// There twice.
        case doubled
        /// A number, or an event on its way to a client, is missing.
        case hole
        /// There, and nobody decided it.
        case orphan
        /// Not what it was last made.
        case stale
        /// By or for somebody who was not in the chat.
        case stranger
        /// An answer that the contract does not have for the question, or none at all.
        case answer
    }

    package let kind: Kind
    package let text: String

    package init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }

    package var description: String { "\(kind.rawValue): \(text)" }
}
