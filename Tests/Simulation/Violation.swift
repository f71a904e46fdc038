/// A promise that did not hold.
package struct Violation: Error, Equatable, CustomStringConvertible {
    /// As the design numbers them.
    package enum Invariant: String, Sendable {
        case acknowledgedIsInBoth = "I1"
        case documentHasEvent = "I2"
        case eventIsSomewhere = "I3"
        case oneEventPerOperation = "I4"
        case noHoles = "I5"
        case announcedIsInBoth = "I6"
        case converges = "I7"
        case lastRevisionStands = "I8"
        case deliveredOnceInOrder = "I9"
        /// A caller is answered at most once, and a refusal means that nothing was written.
        case answersAreTrue = "answers"
    }

    package let invariant: Invariant
    package let detail: String

    init(_ invariant: Invariant, _ detail: String) {
        self.invariant = invariant
        self.detail = detail
    }

    package var description: String { "\(invariant.rawValue) \(invariant): \(detail)" }
}
