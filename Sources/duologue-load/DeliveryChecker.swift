internal import Domain

/// Holds what was sent against what every socket of a chat received: everything, once, in order, unchanged.
///
/// Pure: it is told of sends, acks and events as they happen, in any interleaving, and asked at the end.
struct DeliveryChecker: Sendable {
    /// Everything that was not as promised; all zero when all is well.
    struct Faults: Sendable, Equatable {
        /// Messages the server refused, or never answered.
        var unacked = 0
        /// Acked messages that a socket did not get, counted for each socket.
        var missing = 0
        /// Messages that a socket got again, and acks that came again.
        var doubled = 0
        /// Events whose offset does not follow the one before on the same socket, seqs that are not 1, 2, 3 …, and
        /// messages of one sender that do not have the order they were sent in.
        var outOfOrder = 0
        /// Messages that arrived with another content, sender, reply or number than was sent and acked.
        var altered = 0
        /// Messages that nobody sent.
        var foreign = 0
    }

    private struct Socket {
        var lastOffset = Offset.zero
        /// How often each message came, by its index.
        var counts: [UInt8] = []
        var received = 0
    }

    private(set) var messages: [SentMessage] = []
    /// How many messages are acked.
    private(set) var acked = 0
    /// How many messages sockets received for the first time, all sockets together.
    private(set) var delivered = 0
    private var indexes: [OperationID: Int] = [:]
    private var observed: [SequenceNumber?] = []
    private var sockets: [Socket]
    private var faults = Faults()

    /// Begins with sockets that have seen nothing of the chat.
    init(sockets count: Int) { sockets = Array(repeating: Socket(), count: count) }

    /// Whether every socket received every message that was acked, and every message was acked.
    var isComplete: Bool { acked == messages.count && delivered == acked * sockets.count }

    /// A socket has seen the chat up to `offset`: the next event it receives is the one after.
    mutating func begin(_ socket: Int, after offset: Offset) { sockets[socket].lastOffset = offset }

    /// A message is about to be sent; returns its index.
    @discardableResult
    mutating func sent(_ message: SentMessage) -> Int {
        precondition(indexes[message.id] == nil, "every message has an id of its own")
        indexes[message.id] = messages.count
        messages.append(message)
        observed.append(nil)
        return messages.count - 1
    }

    /// The server acknowledged a message.
    mutating func acked(_ id: OperationID, _ sequence: SequenceNumber) {
        guard let index = indexes[id] else { return faults.foreign += 1 }
        guard messages[index].sequence == nil else { return faults.doubled += 1 }
        messages[index].sequence = sequence
        acked += 1
        if let seen = observed[index], seen != sequence { faults.altered += 1 }
    }

    /// A socket received a durable event of the chat; `message` where it is `message.new`.
    ///
    /// Returns the index of the message where it is one of ours and came to this socket for the first time.
    @discardableResult
    mutating func received(_ socket: Int, offset: Offset, message: ArrivedMessage?) -> Int? {
        let isRepeated = message.map { wasReceived($0, on: socket) } ?? false
        if offset == sockets[socket].lastOffset.next {
            sockets[socket].lastOffset = offset
        } else if !isRepeated {
            faults.outOfOrder += 1
            sockets[socket].lastOffset = max(sockets[socket].lastOffset, offset)
        }
        guard let message else { return nil }
        return note(message, on: socket)
    }

    private func wasReceived(_ message: ArrivedMessage, on socket: Int) -> Bool {
        guard let index = message.clientID.flatMap({ indexes[$0] }) else { return false }
        return index < sockets[socket].counts.count && sockets[socket].counts[index] > 0
    }

    private mutating func note(_ message: ArrivedMessage, on socket: Int) -> Int? {
        guard let id = message.clientID, let index = indexes[id] else {
            faults.foreign += 1
            return nil
        }
        if !messages[index].matches(message) || messages[index].sequence.map({ $0 != message.sequence }) ?? false
            || observed[index].map({ $0 != message.sequence }) ?? false
        {
            faults.altered += 1
        }
        if observed[index] == nil { observed[index] = message.sequence }
        if sockets[socket].counts.count <= index {
            let missing = messages.count - sockets[socket].counts.count
            sockets[socket].counts += Array(repeating: 0, count: missing)
        }
        guard sockets[socket].counts[index] == 0 else {
            faults.doubled += 1
            return nil
        }
        sockets[socket].counts[index] = 1
        sockets[socket].received += 1
        delivered += 1
        return index
    }

    /// The verdict, for when nothing more is expected.
    func verdict() -> Faults {
        var verdict = faults
        verdict.unacked = messages.count - acked
        for socket in sockets {
            for (index, message) in messages.enumerated() where message.sequence != nil {
                if index >= socket.counts.count || socket.counts[index] == 0 { verdict.missing += 1 }
            }
        }
        verdict.outOfOrder += holes() + overtaken()
        return verdict
    }

    /// Acked seqs that are not the next after the one before, in ascending order.
    private func holes() -> Int {
        let sequences = messages.compactMap(\.sequence).sorted()
        return zip(sequences.dropFirst(), sequences).count { $0.rawValue != $1.rawValue + 1 }
    }

    /// Messages that got a smaller seq than an earlier message of the same sender.
    private func overtaken() -> Int {
        var last: [UserID: SequenceNumber] = [:]
        var count = 0
        for message in messages {
            guard let sequence = message.sequence else { continue }
            if let previous = last[message.sender], sequence < previous { count += 1 }
            last[message.sender] = max(sequence, last[message.sender] ?? sequence)
        }
        return count
    }
}
