/// Notices a peer that takes nothing of what is queued for it.
package struct StallWatch: Sendable {
    private var bytes = 0
    private var deadline: ContinuousClock.Instant?

    /// Has seen nothing yet.
    package init() {}

    /// Whether something has been queued for `limit`, and it has become no less between two looks; to be asked from time to time.
    package mutating func isStalled(queued: Int, now: ContinuousClock.Instant, limit: Duration) -> Bool {
        defer { bytes = queued }
        guard queued > 0 else {
            deadline = nil
            return false
        }
        if let deadline, queued >= bytes { return deadline <= now }
        deadline = now + limit
        return false
    }
}
