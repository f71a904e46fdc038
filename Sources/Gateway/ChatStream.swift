internal import Domain

/// The durable events of one chat put in order, as a value: in come announcements in any order, some twice, some never;
/// out they go by offset, each once, without a hole.
struct ChatStream {
    /// The last offset passed on; nil until the head is known.
    private(set) var delivered: Offset?
    /// Events beyond a hole, by offset.
    private var pending: [Offset: Announcement] = [:]
    /// The last event known to be committed, which is to come if it has not.
    private var expected = Offset.zero
    /// The last events passed on, ascending.
    private var recent: [OutboundEvent] = []

    /// How many events wait behind a hole at most; what is beyond comes from the store again.
    private static let pendingLimit = 1024
    /// How many events are kept for those who connect.
    private static let recentLimit = 128

    /// Takes an announcement; the events that are due now, in order.
    mutating func receive(_ announcement: Announcement) -> [Announcement] {
        if let delivered, announcement.offset <= delivered { return [] }
        if delivered.map({ $0.next == announcement.offset }) != true || !pending.isEmpty {
            guard pending.count < Self.pendingLimit || announcement.offset == delivered?.next else { return [] }
            pending[announcement.offset] = announcement
            return takeDue()
        }
        delivered = announcement.offset
        return [announcement]
    }

    /// Learns the chat's announced head where it is not known yet; the events that are due now, in order.
    mutating func learn(head: Offset) -> [Announcement] {
        guard delivered == nil else { return [] }
        delivered = head
        pending = pending.filter { $0.key > head }
        return takeDue()
    }

    /// Learns that there are events up to an offset, whether they have been announced or not.
    mutating func expect(through offset: Offset) { expected = max(expected, offset) }

    /// Whether events are missing: others wait for them, or they are known to be.
    var hasHole: Bool {
        guard let delivered else { return false }
        return !pending.isEmpty || delivered < expected
    }

    /// The last event of the hole that comes next; nil where there is none.
    var holeEnd: Offset? {
        guard let delivered, hasHole else { return nil }
        guard let next = pending.keys.min() else { return expected }
        return next > delivered.next ? Offset(rawValue: next.rawValue - 1) : nil
    }

    /// Whether any event is kept for those who connect a little later.
    var remembers: Bool { !recent.isEmpty }

    /// Keeps an event that was passed on, for those who connect a little later; the bytes forgotten for it.
    mutating func remember(_ event: OutboundEvent) -> Int {
        recent.append(event)
        guard recent.count > 2 * Self.recentLimit else { return 0 }
        return forget(first: recent.count - Self.recentLimit)
    }

    /// Forgets the events kept up to an offset; how many bytes that were.
    mutating func forget(through offset: Offset) -> Int {
        forget(first: recent.firstIndex { $0.offset > offset } ?? recent.count)
    }

    private mutating func forget(first count: Int) -> Int {
        let bytes = recent.prefix(count).reduce(0) { $0 + $1.bytes }
        recent.removeFirst(count)
        return bytes
    }

    /// The events after `offset` up to the last one passed on; nil when they are no longer all kept.
    func replay(after offset: Offset) -> [OutboundEvent]? {
        guard let delivered, offset < delivered else { return [] }
        guard let first = recent.first, first.offset <= offset.next else { return nil }
        return recent.filter { $0.offset > offset }
    }

    private mutating func takeDue() -> [Announcement] {
        guard var last = delivered else { return [] }
        var due: [Announcement] = []
        while let next = pending.removeValue(forKey: last.next) {
            due.append(next)
            last = last.next
        }
        delivered = last
        return due
    }
}
