internal import Domain

/// The operations of a lane that are in no batch, in the order in which they are to be in one.
///
/// Most wait for the next batch. Those of a batch that failed as a whole go first, one at a time. Those that were found
/// decided and not finished rest until the next tick.
struct LaneQueue: Sendable {
    /// An operation, and what became of it so far.
    struct Entry: Sendable {
        /// The caller to answer; nil once its deadline passed.
        var ticket: CommitLane.Ticket?
        let operation: Operation
        /// Its chat was locked by another node once: the next try waits for the lock.
        var waits = false
        /// An earlier run decided it or may have: nobody may be told that nothing was written.
        var mayBeDecided = false
        /// How often it was found decided and not finished.
        var askedCovered = 0

        fileprivate var bytes: Int { operation.payload.count }
    }

    private let limits: CommitLane.Limits
    private var waiting: [Entry] = []
    private var waitingBytes = 0
    private var singles: [Entry] = []
    private var covered: [Entry] = []

    init(limits: CommitLane.Limits) { self.limits = limits }

    var isEmpty: Bool { waiting.isEmpty && singles.isEmpty && covered.isEmpty }

    var depth: Int { waiting.count + singles.count + covered.count }

    /// Takes an operation in as the last; false where there is no room for it.
    mutating func admit(_ operation: Operation, for ticket: CommitLane.Ticket) -> Bool {
        let entry = Entry(ticket: ticket, operation: operation)
        guard depth < limits.queueOperations, waitingBytes + entry.bytes <= limits.queueBytes else { return false }
        waiting.append(entry)
        waitingBytes += entry.bytes
        return true
    }

    /// Puts back what a batch could not run, ahead of everything that came later.
    mutating func putBack(_ entries: [Entry]) {
        // What is left of a batch that is run singly came before anything that waits, and after what is put back.
        if singles.isEmpty { requeue(entries) } else { singles = entries + singles }
    }

    /// Has these run next, each in a batch of its own.
    mutating func runSingly(_ entries: [Entry]) { singles = entries + singles }

    /// Lets a decided operation rest until `askCovered`.
    mutating func rest(_ entry: Entry) { covered.append(entry) }

    /// Puts what rested in front of what waits.
    mutating func askCovered() {
        requeue(covered)
        covered = []
    }

    /// The operations of the next batch; empty where nothing waits for one.
    mutating func next() -> [Entry] {
        guard singles.isEmpty else { return [singles.removeFirst()] }
        var count = 0
        var bytes = 0
        for entry in waiting.prefix(limits.batchOperations) {
            guard count == 0 || bytes + entry.bytes <= limits.batchBytes else { break }
            // After an unknown outcome nobody could say which of two old documents the commit had taken.
            if entry.operation.expectedRevision != nil,
                waiting.prefix(count).contains(where: { $0.operation.hasKey(of: entry.operation) })
            {
                break
            }
            count += 1
            bytes += entry.bytes
        }
        let batch = Array(waiting.prefix(count))
        waiting.removeFirst(count)
        waitingBytes -= bytes
        return batch
    }

    /// Takes out the operations of these callers; linear in what is queued.
    mutating func remove(_ tickets: Set<CommitLane.Ticket>) -> [Entry] {
        let late = Self.take(tickets, from: &waiting)
        waitingBytes -= late.reduce(0) { $0 + $1.bytes }
        return late + Self.take(tickets, from: &singles) + Self.take(tickets, from: &covered)
    }

    private mutating func requeue(_ entries: [Entry]) {
        waiting.insert(contentsOf: entries, at: 0)
        waitingBytes += entries.reduce(0) { $0 + $1.bytes }
    }

    private static func take(_ tickets: Set<CommitLane.Ticket>, from entries: inout [Entry]) -> [Entry] {
        let isTaken = { (entry: Entry) in entry.ticket.map(tickets.contains) ?? false }
        let taken = entries.filter(isTaken)
        if !taken.isEmpty { entries.removeAll(where: isTaken) }
        return taken
    }
}
