internal import Domain

/// The changes of presence that a loop has heard of lately: a value that is told the time.
struct HeardChanges {
    private var changes: [UserID: (toldAt: Timestamp, heardAt: ContinuousClock.Instant)] = [:]
    private var forgetAt: ContinuousClock.Instant?

    /// How long a change is remembered: longer than the store tells of it to those who missed it, which is a minute.
    static let memory = Duration.seconds(90)

    /// Users of whom something is remembered.
    var count: Int { changes.count }

    /// Remembers a change, and forgets old ones now and then; false for one that comes after a later one.
    @discardableResult mutating func insert(_ mark: PresenceMark, now: ContinuousClock.Instant) -> Bool {
        if (forgetAt ?? now) <= now {
            changes = changes.filter { now - $0.value.heardAt < Self.memory }
            forgetAt = now + Self.memory
        }
        if let known = changes[mark.user]?.toldAt, known >= mark.toldAt { return known == mark.toldAt }
        changes[mark.user] = (mark.toldAt, now)
        return true
    }

    /// Whether neither a change nor a later one of the same user was heard.
    func misses(_ state: PresenceState) -> Bool {
        (changes[state.user]?.toldAt).map { $0 < state.toldAt } ?? true
    }
}
