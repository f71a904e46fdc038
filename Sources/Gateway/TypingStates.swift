internal import Domain

/// Who is typing where, as far as the sockets of one loop say: a value that is told the time.
///
/// It answers what others are to be told. A start is told at most every three seconds for a user and chat; one that comes
/// earlier is told when its time has come, if it still holds. Whoever says nothing more has stopped after six seconds.
///
/// A socket types in at most so many chats, so all is bounded by the sockets.
struct TypingStates {
    /// A user in a chat.
    struct Place: Hashable {
        let chat: ChatID
        let user: UserID
    }

    /// What others are told.
    enum Change: Equatable {
        case started(Place)
        case stopped(Place)
    }

    private struct Entry {
        /// The sockets that are typing, and until when.
        var sockets: [ObjectIdentifier: ContinuousClock.Instant] = [:]
        /// When a start was last told.
        var lastStart: ContinuousClock.Instant?
        /// Whether others see the user typing.
        var isShown = false

        func mayStart(_ now: ContinuousClock.Instant) -> Bool {
            lastStart.map { now - $0 >= TypingStates.startInterval } ?? true
        }
    }

    static let lifetime = Duration.seconds(6)
    static let startInterval = Duration.seconds(3)
    static let chatsPerSocket = 8

    private var entries: [Place: Entry] = [:]
    private var places: [ObjectIdentifier: [Place]] = [:]

    /// Whether nothing is kept, and time changes nothing.
    var isEmpty: Bool { entries.isEmpty }

    /// A socket's user types, or types on.
    mutating func start(
        _ place: Place,
        by socket: ObjectIdentifier,
        now: ContinuousClock.Instant
    ) -> [Change] {
        var changes: [Change] = []
        if entries[place]?.sockets[socket] == nil {
            if let oldest = places[socket]?.first, places[socket]?.count == Self.chatsPerSocket {
                changes += stop(oldest, by: socket)
            }
            places[socket, default: []].append(place)
        }
        entries[place, default: Entry()].sockets[socket] = now + Self.lifetime
        return changes + show(place, again: true, now)
    }

    /// A socket's user has stopped.
    mutating func stop(_ place: Place, by socket: ObjectIdentifier) -> [Change] {
        places[socket]?.removeAll { $0 == place }
        if places[socket]?.isEmpty == true { places[socket] = nil }
        guard entries[place]?.sockets.removeValue(forKey: socket) != nil else { return [] }
        return hideIfOver(place)
    }

    /// A user has sent what they were typing, whichever socket it was typed on.
    mutating func sent(_ place: Place) -> [Change] {
        (entries[place]?.sockets.keys).map(Array.init)?.flatMap { stop(place, by: $0) } ?? []
    }

    /// A socket has closed.
    mutating func close(_ socket: ObjectIdentifier) -> [Change] {
        (places[socket] ?? []).flatMap { stop($0, by: socket) }
    }

    /// Time has passed.
    mutating func tick(now: ContinuousClock.Instant) -> [Change] {
        var changes: [Change] = []
        for (place, entry) in entries {
            for (socket, end) in entry.sockets where end <= now { changes += stop(place, by: socket) }
            changes += show(place, again: false, now)
            // It was kept to remember when its start was told.
            if let left = entries[place], left.sockets.isEmpty, left.mayStart(now) { entries[place] = nil }
        }
        return changes
    }

    /// Tells a start whose time has come; one that is told already only to those who may have missed it.
    private mutating func show(_ place: Place, again: Bool, _ now: ContinuousClock.Instant) -> [Change] {
        guard let entry = entries[place], !entry.sockets.isEmpty, entry.mayStart(now) else { return [] }
        guard again || !entry.isShown else { return [] }
        entries[place]?.lastStart = now
        entries[place]?.isShown = true
        return [.started(place)]
    }

    private mutating func hideIfOver(_ place: Place) -> [Change] {
        guard let entry = entries[place], entry.sockets.isEmpty, entry.isShown else { return [] }
        entries[place]?.isShown = false
        return [.stopped(place)]
    }
}
