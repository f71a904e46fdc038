internal import Domain
internal import IOCore

/// Replays a conversation through the sockets of its people and watches every delivery.
///
/// Loop-bound. Lines are sent in the order of the file, with at most `window` of them unanswered; a reply waits for the
/// ack of what it answers, because only that tells the message's id.
final class Replay {
    /// How fast to send.
    struct Pace: Sendable {
        /// How many times faster than people spoke; 0 for as fast as the window allows.
        var speed = 0.0
        /// Unanswered messages at most.
        var window = 64
        /// How long after the last ack deliveries may still come.
        var patience = Duration.seconds(30)
    }

    /// What happened.
    struct Result: Sendable {
        var checker: DeliveryChecker
        var acks = LatencyRecorder()
        var deliveries = LatencyRecorder()
        /// Messages that carried a reply.
        var replies = 0
        var duration = Duration.zero
        /// Errors of the server and sockets that closed, each with how often.
        var complaints: [String: Int] = [:]
    }

    private enum State {
        case pending(index: Int, at: ContinuousClock.Instant)
        case refused
    }

    private let loop: EventLoop
    private let pace: Pace
    private let chat: ChatID
    private let bell: Bell
    private var opened: [ChatSocket?] = []
    private var sockets: [ChatSocket] = []
    private var result: Result
    /// What each line became, by its number.
    private var states: [OperationID: State] = [:]
    private var ids: [Int: OperationID] = [:]
    private var sentAt: [ContinuousClock.Instant] = []
    private var unanswered = 0
    private var lastAck: ContinuousClock.Instant

    /// A replay in a chat whose people have all seen it up to `offset`.
    init(chat: ChatID, after offset: Offset, people: Int, pace: Pace, loop: EventLoop) {
        self.chat = chat
        self.pace = pace
        self.loop = loop
        bell = Bell(loop: loop)
        lastAck = loop.now
        result = Result(checker: DeliveryChecker(sockets: people, after: offset))
    }

    /// Opens the people's sockets, in their order.
    ///
    /// - Throws: the first `LoadError`.
    func openSockets(of people: [LoadUser], resolver: BlockingPool) async throws {
        opened = Array(repeating: nil, count: people.count)
        let bound = LoopBound(self, loop: loop)
        try await Fan.out(over: people.count, atMost: 16, on: loop) { _, index in
            try await bound.value.openSocket(index, people[index], resolver)
        }
        sockets = opened.compactMap(\.self)
    }

    private func openSocket(_ index: Int, _ user: LoadUser, _ resolver: BlockingPool) async throws {
        opened[index] = try await ChatSocket.open(index, as: user, loop: loop, resolver: resolver, owner: self)
    }

    /// Sends all lines and waits until every socket has every acked message, or patience ends.
    ///
    /// `senders` gives each nick's place among the people.
    func run(_ lines: [Conversation.Line], senders: [String: Int]) async -> Result {
        let start = loop.now
        lastAck = start
        for line in lines {
            if pace.speed > 0, let first = lines.first {
                let due = start + .seconds(Double(line.at - first.at) / pace.speed)
                if due > loop.now { await loop.sleep(for: due - loop.now) }
            }
            guard let sender = senders[line.sender], await canSend(line) else { continue }
            send(line, over: sockets[sender])
        }
        while !isSettled {
            if await bell.wait(until: lastAck + pace.patience) { break }
        }
        result.duration = loop.now - start
        return result
    }

    /// Closes the sockets; to be called when nothing more is wanted from them.
    func close() {
        for socket in opened { socket?.close() }
        opened = []
        sockets = []
    }

    /// Whether nothing more can come: every message is answered, and what is acked is delivered.
    private var isSettled: Bool {
        unanswered == 0 && result.checker.delivered >= result.checker.acked * sockets.count
    }

    /// Waits for a place in the window and for the answer to what the line replies to; false when patience ended.
    private func canSend(_ line: Conversation.Line) async -> Bool {
        while unanswered >= pace.window || isUnanswered(line.repliesTo) {
            if await bell.wait(until: lastAck + pace.patience) {
                result.complaints["not sent, because no answers came", default: 0] += 1
                return false
            }
        }
        return true
    }

    private func isUnanswered(_ line: Int?) -> Bool {
        guard let id = line.flatMap({ ids[$0] }), case .pending(let index, _) = states[id] else { return false }
        return result.checker.messages[index].sequence == nil
    }

    private func send(_ line: Conversation.Line, over socket: ChatSocket) {
        let id = OperationID.random()
        var replyTo: SequenceNumber?
        if let target = line.repliesTo.flatMap({ ids[$0] }), case .pending(let index, _) = states[target] {
            replyTo = result.checker.messages[index].sequence
        }
        let message = SentMessage(id: id, sender: socket.user.id, content: line.content, replyTo: replyTo)
        let index = result.checker.sent(message)
        if replyTo != nil { result.replies += 1 }
        ids[line.number] = id
        sentAt.append(loop.now)
        guard socket.send(message, to: chat) else {
            states[id] = .refused
            result.complaints["sent on a closed socket", default: 0] += 1
            return
        }
        states[id] = .pending(index: index, at: loop.now)
        unanswered += 1
    }
}

extension Replay: ChatSocketOwner {
    func socket(_ socket: ChatSocket, received frame: ServerFrame) {
        switch frame {
        case .ack(let text, _, let sequence, _, _): acked(text, sequence)
        case .event(let chat, let offset, let message) where chat == self.chat:
            if let index = result.checker.received(socket.index, offset: offset, message: message) {
                result.deliveries.record(loop.now - sentAt[index])
            }
            if isSettled { bell.ring() }
        case .error(let id, let code, let detail, _): refused(id, "\(code) \(detail)")
        default: break
        }
    }

    func socketReceivedMessage(_ socket: ChatSocket) {}

    func socketClosed(_ socket: ChatSocket, reason: String) {
        guard !sockets.isEmpty else { return }
        result.complaints["a socket closed: \(reason)", default: 0] += 1
        bell.ring()
    }

    private func acked(_ text: String, _ sequence: SequenceNumber) {
        guard let id = OperationID(text) else { return }
        lastAck = loop.now
        if case .pending(let index, let at) = states[id], result.checker.messages[index].sequence == nil {
            unanswered -= 1
            result.acks.record(loop.now - at)
        }
        result.checker.acked(id, sequence)
        bell.ring()
    }

    private func refused(_ text: String?, _ complaint: String) {
        result.complaints[complaint, default: 0] += 1
        guard let id = text.flatMap({ OperationID($0) }), case .pending = states[id] else { return }
        states[id] = .refused
        unanswered -= 1
        bell.ring()
    }
}
