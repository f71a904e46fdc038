internal import Domain

/// What the sockets of one loop say of their users, and when that is to be reported: a value that is told the time.
///
/// A report holds for a lifetime and is repeated three times within it. When the last socket of a user closes, the report is
/// shortened to the time in which they may come back before anybody notices.
struct PresenceStates {
    /// How long what a node says outlives it.
    let lifetime: Duration
    /// How long a user without any socket still counts as present.
    let grace: Duration

    private struct Entry {
        var sockets: [ObjectIdentifier: PresenceStatus] = [:]
        var reported: PresenceStatus?
        var reportAgainAt: ContinuousClock.Instant
        /// When it was last written that the user was seen.
        var notedAt: ContinuousClock.Instant
    }

    private var entries: [UserID: Entry] = [:]
    /// What users said whose last socket has closed, until that is reported.
    private var left: [UserID: PresenceStatus] = [:]

    /// How often it is written that a user was seen.
    static let noteInterval = Duration.seconds(60)
    private static let retryInterval = Duration.seconds(1)
    /// Users who left while nothing could be reported; of more, the reports end by themselves.
    private static let leftLimit = 10_000

    init(lifetime: Duration, grace: Duration) {
        self.lifetime = lifetime
        self.grace = grace
    }

    /// Users with a socket.
    var count: Int { entries.count }

    /// A socket says how present its user is.
    mutating func set(
        _ socket: ObjectIdentifier,
        of user: UserID,
        to status: PresenceStatus,
        now: ContinuousClock.Instant
    ) {
        entries[user, default: Entry(reportAgainAt: now, notedAt: now)].sockets[socket] = status
        left[user] = nil
    }

    /// A socket has closed.
    mutating func close(_ socket: ObjectIdentifier, of user: UserID) {
        guard let status = entries[user]?.sockets.removeValue(forKey: socket), entries[user]?.sockets.isEmpty == true
        else { return }
        let reported = entries.removeValue(forKey: user)?.reported
        if left.count < Self.leftLimit { left[user] = reported ?? status }
    }

    /// What is to be reported now; it counts as reported unless `failed` is told.
    mutating func takeReports(now: ContinuousClock.Instant) -> [PresenceReport] {
        var reports = left.map { PresenceReport(user: $0.key, status: $0.value, lifetime: grace) }
        left = [:]
        for (user, entry) in entries {
            let status = PresenceStatus.aggregate(of: entry.sockets.values)
            guard status != entry.reported || entry.reportAgainAt <= now else { continue }
            entries[user]?.reported = status
            entries[user]?.reportAgainAt = now + lifetime / 3
            reports.append(PresenceReport(user: user, status: status, lifetime: lifetime))
        }
        return reports
    }

    /// Reports did not get through: they are due again in a while.
    mutating func failed(_ reports: [PresenceReport], now: ContinuousClock.Instant) {
        for report in reports {
            if entries[report.user] != nil {
                entries[report.user]?.reportAgainAt = now + Self.retryInterval
            } else if left.count < Self.leftLimit {
                left[report.user] = report.status
            }
        }
    }

    /// Whether it is to be written now that a user was seen, whom nobody told to keep it to themselves.
    mutating func takeNote(of state: PresenceState, now: ContinuousClock.Instant) -> Bool {
        guard let entry = entries[state.user] else { return false }
        guard state.status != .invisible, now - entry.notedAt >= Self.noteInterval else { return false }
        entries[state.user]?.notedAt = now
        return true
    }

    /// All users leave at once, as when the node stops.
    mutating func leaveAll() -> [PresenceReport] {
        for (user, entry) in entries { left[user] = PresenceStatus.aggregate(of: entry.sockets.values) }
        entries = [:]
        defer { left = [:] }
        return left.map { PresenceReport(user: $0.key, status: $0.value, lifetime: grace) }
    }
}
