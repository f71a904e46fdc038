/// Polls `condition` until it holds; throws when it does not within `deadline`.
///
/// The deadline only ends a test that would hang: none is right that depends on how fast the machine is.
package func eventually(
    _ what: String,
    within deadline: Duration = .seconds(60),
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + deadline
    while try await !condition() {
        guard ContinuousClock.now < end else { throw NeverHappened(description: "not within \(deadline): \(what)") }
        try await Task.sleep(for: .milliseconds(10))
    }
}

/// What a test waited for in vain.
package struct NeverHappened: Error, CustomStringConvertible {
    package let description: String
}
