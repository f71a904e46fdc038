/// What a loop makes of the answers of the store of counts, and of their absence.
///
/// A value; the time is given to it. One failure, or several answers missed in a row, and the store is away. It is back after good
/// probes in a row: two of them or, where it went again soon after it was back, twice as many as the last time. So what answers
/// probes and nothing else neither fills the log nor has everybody wait for it again and again.
struct LimitHealth: Sendable {
    /// Whether the store counts as away.
    private(set) var isAway = false
    /// Answers missed in a row.
    private var missed = 0
    /// Good probes in a row.
    private var good = 0
    /// Good probes in a row after which it is back.
    private var needed = LimitHealth.fewestProbes
    private var back: ContinuousClock.Instant?

    private static let missedLimit = 3
    private static let fewestProbes = 2
    private static let mostProbes = 64
    /// How long it must stay to be trusted as at first.
    private static let trial = Duration.seconds(60)

    /// It answered somebody in time.
    mutating func answered() { missed = 0 }

    /// Somebody got no answer that is of use; true where it counts as away from now on.
    mutating func miss(now: ContinuousClock.Instant) -> Bool {
        guard !isAway else { return false }
        missed += 1
        guard missed >= Self.missedLimit else { return false }
        return fail(now: now)
    }

    /// It failed; true where it counts as away from now on.
    mutating func fail(now: ContinuousClock.Instant) -> Bool {
        guard !isAway else { return false }
        isAway = true
        good = 0
        if let back, now - back < Self.trial {
            needed = min(needed * 2, Self.mostProbes)
        } else {
            needed = Self.fewestProbes
        }
        return true
    }

    /// A probe was answered in time, or not; true where the store is back.
    mutating func probed(isGood: Bool, now: ContinuousClock.Instant) -> Bool {
        guard isAway else { return false }
        good = isGood ? good + 1 : 0
        guard good >= needed else { return false }
        isAway = false
        missed = 0
        back = now
        return true
    }
}
