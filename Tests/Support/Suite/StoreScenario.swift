internal import Testing

/// One promise of the ports and how it is tried; every store that keeps the ports runs all of them.
package struct StoreScenario: Sendable, CustomTestStringConvertible {
    /// The promise, as a sentence.
    package let name: String
    /// Tries it, recording what fails; runs on the loop of the ports.
    package let run: @Sendable (StorePorts) async throws -> Void

    init(_ name: String, _ run: @escaping @Sendable (StorePorts) async throws -> Void) {
        self.name = name
        self.run = run
    }

    package var testDescription: String { name }

    /// All scenarios of all ports.
    package static let all =
        accountScenarios + sessionScenarios + peopleScenarios + relationScenarios + commitScenarios + changeScenarios
        + mentionScenarios + memberScenarios + redoScenarios + mixtureScenarios
        + chatScenarios + personalScenarios + draftScenarios + threadScenarios + readScenarios + historyScenarios
        + firstUnreadScenarios
        + bodyScenarios + revisionScenarios + ticketScenarios + inviteScenarios + membershipScenarios + unreadScenarios
        + operationScenarios + searchScenarios + rebuildScenarios + cacheScenarios
}
