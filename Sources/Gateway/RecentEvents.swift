internal import Domain
internal import IOCore

/// Bounds what the chats of a loop keep of their last events, over all of them, in bytes, number and time.
///
/// The oldest goes first, whichever chat it is of. What a chat forgets by itself is taken from the bytes by `release`.
struct RecentEvents {
    private struct Entry {
        let channel: ChatChannel
        let offset: Offset
        let at: ContinuousClock.Instant
    }

    private let age: Duration
    private let byteLimit: Int
    private var entries: [Entry] = []
    private var first = 0
    private(set) var bytes = 0

    private static let countLimit = 65_536

    /// Keeps nothing longer than `age`, and no more than `byteLimit` at a time.
    init(age: Duration, byteLimit: Int) {
        self.age = age
        self.byteLimit = byteLimit
    }

    /// Counts an event that its chat has just remembered.
    mutating func add(_ event: OutboundEvent, of channel: ChatChannel, now: ContinuousClock.Instant) {
        entries.append(Entry(channel: channel, offset: event.offset, at: now))
        bytes += event.bytes
    }

    /// Uncounts bytes of events that their chat no longer keeps.
    mutating func release(_ count: Int) { bytes -= count }

    /// Takes the oldest event that is to be forgotten by now; nil when the rest may stay.
    mutating func next(now: ContinuousClock.Instant) -> (channel: ChatChannel, offset: Offset)? {
        guard first < entries.count else { return nil }
        let entry = entries[first]
        let isDue = bytes > byteLimit || entries.count - first > Self.countLimit || now - entry.at > age
        guard isDue else { return nil }
        first += 1
        if first > 1024, first > entries.count / 2 {
            entries.removeFirst(first)
            first = 0
        }
        return (entry.channel, entry.offset)
    }
}
