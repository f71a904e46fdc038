/// What an audit found and did: counts of everything, and a few examples of each.
///
/// Its size does not depend on how much is wrong.
package struct AuditReport: Sendable, Equatable {
    /// How often something occurred, and the first few places.
    package struct Tally: Sendable, Equatable {
        package private(set) var count = 0
        package private(set) var examples: [String] = []

        /// Counts one more.
        mutating func add(_ example: String) {
            count += 1
            if examples.count < AuditReport.exampleLimit, !examples.contains(example) { examples.append(example) }
        }
    }

    /// Examples kept of each kind.
    package static let exampleLimit = 3

    /// Chats looked at.
    package var chats = 0
    /// Messages compared.
    package var messages = 0
    /// Events folded.
    package var events = 0
    /// Places that changed at every look, so that nothing can be said of them.
    package private(set) var unsettled = Tally()
    /// What differs, by kind.
    package private(set) var findings: [FindingKind: Tally] = [:]
    /// What was done about it, by what was done.
    package private(set) var repairs: [String: Tally] = [:]
    /// Findings that are still there after a repair, with the reason.
    package private(set) var remaining: [String: Tally] = [:]

    /// A report of nothing.
    package init() {}

    /// Whether anything differs.
    package var isClean: Bool { findings.isEmpty }
    /// Whether everything that differed was mended.
    package var isMended: Bool { remaining.isEmpty }

    /// Notes a difference.
    package mutating func found(_ kind: FindingKind, _ place: String) { findings[kind, default: Tally()].add(place) }

    /// Notes a place that never stood still.
    package mutating func neverSettled(_ place: String) { unsettled.add(place) }

    /// Notes a repair: `action` is a short sentence such as `rewrote the body`.
    package mutating func repaired(_ action: String, _ place: String) { repairs[action, default: Tally()].add(place) }

    /// Notes what a repair could not mend.
    package mutating func notMended(_ reason: String, _ place: String) {
        remaining[reason, default: Tally()].add(place)
    }
}
