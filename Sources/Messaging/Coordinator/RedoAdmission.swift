package import Domain

/// Lets no more in while too much of what is committed has not reached MongoDB, as a value.
///
/// Bytes refuse; age only alerts, because one row that cannot be finished must not stop everybody.
package struct RedoAdmission: Sendable {
    private let limitBytes: Int
    private var depth = RedoDepth()
    private var alertedAt: ContinuousClock.Instant?

    /// An age that means that recovery does not get on: it takes over after a lease, which is three seconds.
    private static let alarmingAge = Duration.seconds(30)
    private static let alarmInterval = Duration.seconds(60)

    /// Refuses above this many bytes of what clients sent, over all nodes.
    package init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// Why nothing may be written now; nil when it may.
    ///
    /// The last measure counts, so what one second brings is let in beyond the limit.
    package var refusal: Failure? {
        guard depth.bytes > limitBytes else { return nil }
        return Failure(.overloaded, "Too many writes wait for MongoDB.", retryAfter: .seconds(1))
    }

    /// Takes a new measure; true when an alarm about the age of the oldest row is due.
    package mutating func measured(_ depth: RedoDepth, at now: ContinuousClock.Instant) -> Bool {
        self.depth = depth
        guard depth.oldestAge > Self.alarmingAge else {
            alertedAt = nil
            return false
        }
        if let alertedAt, now - alertedAt < Self.alarmInterval { return false }
        alertedAt = now
        return true
    }
}
