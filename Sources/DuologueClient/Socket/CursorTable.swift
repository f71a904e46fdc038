/// How far the events of each chat have been handed over, and what came out of turn.
///
/// A value without I/O. Offsets of a chat have no gaps, so whatever is not the next one is either known or shows a hole.
struct CursorTable {
    typealias ChatID = DuologueClient.ChatID

    /// What to do with an event.
    enum Verdict: Equatable {
        /// Hand these over, in this order: the event, and those that had waited for it.
        case apply([ChatEvent])
        /// It was handed over before.
        case known
        /// It waits for those before it, which have to be fetched.
        case hole
        /// As it would, but as many wait already as may.
        case overflow
    }

    private struct Track {
        var applied: Int64
        /// The newest event known to exist.
        var head: Int64
        var held: [Int64: ChatEvent] = [:]
    }

    /// The server's history that the cursors belong to; nil before the first connection.
    private(set) var epoch: String?
    private var tracks: [ChatID: Track] = [:]
    private var heldCount = 0
    private let heldLimit: Int

    /// Cursors as a program has kept them, if it has.
    init(_ position: DuologueClient.Position?, heldLimit: Int = 1_000) {
        self.heldLimit = heldLimit
        epoch = position?.epoch
        for (chat, offset) in position?.offsets ?? [:] { tracks[chat] = Track(applied: offset, head: offset) }
    }

    /// What a program may keep.
    var position: DuologueClient.Position? {
        epoch.map { DuologueClient.Position(epoch: $0, offsets: tracks.mapValues(\.applied)) }
    }

    /// The newest event of a chat that was handed over; nil where it has no cursor.
    func applied(_ chat: ChatID) -> Int64? { tracks[chat]?.applied }

    /// The newest event of a chat known to exist.
    func head(_ chat: ChatID) -> Int64? { tracks[chat]?.head }

    /// Begins with the present: all that happened so far counts as handed over.
    mutating func begin(epoch: String, heads: [(chat: ChatID, offset: Int64)]) {
        self.epoch = epoch
        tracks = [:]
        heldCount = 0
        for (chat, offset) in heads { tracks[chat] = Track(applied: offset, head: offset) }
    }

    /// Goes on in a history, which is another one where the epoch differs: its resets follow.
    mutating func goOn(epoch: String) { self.epoch = epoch }

    /// Forgets what came out of turn, for it will come again over the next connection.
    mutating func disconnect() {
        heldCount = 0
        tracks = tracks.mapValues { Track(applied: $0.applied, head: $0.applied) }
    }

    /// Judges an event; the first of a chat without cursor begins it.
    mutating func receive(_ event: ChatEvent) -> Verdict {
        guard var track = tracks[event.chat] else {
            tracks[event.chat] = Track(applied: event.offset, head: event.offset)
            return .apply([event])
        }
        guard event.offset > track.applied else { return .known }
        track.head = max(track.head, event.offset)
        defer { tracks[event.chat] = track }
        guard event.offset == track.applied + 1 else {
            guard track.held[event.offset] == nil else { return .hole }
            guard heldCount < heldLimit else { return .overflow }
            track.held[event.offset] = event
            heldCount += 1
            return .hole
        }
        track.applied = event.offset
        // It may be there as well: fetched while it was on its way.
        if track.held.removeValue(forKey: event.offset) != nil { heldCount -= 1 }
        return .apply([event] + release(&track))
    }

    /// Goes on from an offset, whatever was before; returns what had waited for that.
    mutating func reset(_ chat: ChatID, to offset: Int64) -> [ChatEvent] {
        var track = tracks[chat] ?? Track(applied: offset, head: offset)
        track.applied = offset
        for old in track.held.keys where old <= offset {
            track.held[old] = nil
            heldCount -= 1
        }
        let released = release(&track)
        track.head = max(track.applied, track.held.keys.max() ?? 0)
        tracks[chat] = track
        return released
    }

    /// Ends a chat the user is no longer in.
    mutating func forget(_ chat: ChatID) {
        heldCount -= tracks[chat]?.held.count ?? 0
        tracks[chat] = nil
    }

    /// Notes that a chat has events up to `head`; whether some of them are missing here.
    mutating func note(head: Int64, of chat: ChatID) -> Bool {
        guard let track = tracks[chat] else { return true }
        tracks[chat]?.head = max(track.head, head)
        return head > track.applied
    }

    /// Whether events of a chat exist that were not handed over.
    func isBehind(_ chat: ChatID) -> Bool { tracks[chat].map { $0.head > $0.applied } ?? false }

    private mutating func release(_ track: inout Track) -> [ChatEvent] {
        var released: [ChatEvent] = []
        while let event = track.held.removeValue(forKey: track.applied + 1) {
            track.applied = event.offset
            heldCount -= 1
            released.append(event)
        }
        return released
    }
}
