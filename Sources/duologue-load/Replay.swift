internal import Domain
internal import IOCore

/// Replays a conversation through the sockets of its people and watches every delivery.
///
/// Loop-bound. Lines are sent in the order of the file, with at most `window` of them under way: not acked, or not yet
/// with every socket, so that the replay never outruns its own reading. A reply waits for the ack of what it answers,
/// because only that tells the message's id.
final class Replay {
    /// How fast to send.
    struct Pace: Sendable {
        /// How many times faster than people spoke; 0 for as fast as the window allows.
        var speed = 0.0
        /// Messages under way at most.
        var window = 64
        /// How long after the last ack or delivery the next one may come.
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
    /// How many sockets have each message, by its index.
    private var spread: [Int] = []
    private var underWay = 0
    private var liveSockets = 0
    private var lastProgress: ContinuousClock.Instant

    /// A replay in a chat of so many people.
    init(chat: ChatID, people: Int, pace: Pace, loop: EventLoop) {
        self.chat = chat
        self.pace = pace
        self.loop = loop
        bell = Bell(loop: loop)
        lastProgress = loop.now
        result = Result(checker: DeliveryChecker(sockets: people))
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
        liveSockets = sockets.count { $0.isOpen }
    }

    private func openSocket(_ index: Int, _ user: LoadUser, _ resolver: BlockingPool) async throws {
        opened[index] = try await ChatSocket.open(index, as: user, loop: loop, resolver: resolver, owner: self)
    }

    /// Sends all lines and waits until every socket has every acked message, or patience ends.
    ///
    /// `senders` gives each nick's place among the people.
    func run(_ lines: [Conversation.Line], senders: [String: Int]) async -> Result {
        let start = loop.now
        lastProgress = start
        for line in lines {
            if pace.speed > 0, let first = lines.first {
                let due = start + .seconds(Double(line.at - first.at) / pace.speed)
                if due > loop.now { await loop.sleep(for: due - loop.now) }
            }
            guard let sender = senders[line.sender], await canSend(line) else { continue }
            send(line, over: sockets[sender])
        }
        while underWay > 0, liveSockets > 0, await progresses() {}
        result.duration = loop.now - start
        return result
    }

    /// Closes the sockets; to be called when nothing more is wanted from them.
    func close() {
        for socket in opened { socket?.close() }
        opened = []
        sockets = []
    }

    /// Waits until something happens; false when nothing did for as long as patience lasts.
    private func progresses() async -> Bool {
        let isLate = await bell.wait(until: lastProgress + pace.patience)
        return !isLate || loop.now < lastProgress + pace.patience
    }

    /// Waits for a place in the window and for the answer to what the line replies to; false when neither can come.
    private func canSend(_ line: Conversation.Line) async -> Bool {
        while underWay >= pace.window || isUnanswered(line.repliesTo) {
            guard liveSockets > 0, await progresses() else {
                result.complaints["not sent, because nothing came back", default: 0] += 1
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
        spread.append(0)
        guard socket.send(message, to: chat) else {
            states[id] = .refused
            result.complaints["sent on a closed socket", default: 0] += 1
            return
        }
        states[id] = .pending(index: index, at: loop.now)
        underWay += 1
    }
}

extension Replay: ChatSocketOwner {
    func socketIsReady(_ socket: ChatSocket) {
        // The chat's own creation may not be announced yet; then it is the first event.
        result.checker.begin(socket.index, after: socket.heads[chat] ?? .zero)
    }

    func socket(_ socket: ChatSocket, received frame: ServerFrame) {
        switch frame {
        case .ack(let text, _, let sequence, _, _): acked(text, sequence)
        case .event(let chat, let offset, let message) where chat == self.chat:
            if let index = result.checker.received(socket.index, offset: offset, message: message) {
                delivered(index)
            }
        case .error(let id, let code, let detail, _): refused(id, "\(code) \(detail)")
        default: break
        }
    }

    func socketClosed(_ socket: ChatSocket, reason: String) {
        guard !opened.isEmpty else { return }
        result.complaints["a socket closed: \(reason)", default: 0] += 1
        liveSockets -= 1
        bell.ring()
    }

    private func acked(_ text: String, _ sequence: SequenceNumber) {
        guard let id = OperationID(text) else { return }
        var index: Int?
        if case .pending(let place, let at) = states[id], result.checker.messages[place].sequence == nil {
            index = place
            result.acks.record(loop.now - at)
        }
        result.checker.acked(id, sequence)
        if let index, spread[index] == sockets.count { underWay -= 1 }
        progressed()
    }

    private func delivered(_ index: Int) {
        result.deliveries.record(loop.now - sentAt[index])
        spread[index] += 1
        if spread[index] == sockets.count, result.checker.messages[index].sequence != nil { underWay -= 1 }
        progressed()
    }

    private func progressed() {
        lastProgress = loop.now
        bell.ring()
    }

    private func refused(_ text: String?, _ complaint: String) {
        result.complaints[complaint, default: 0] += 1
        guard let id = text.flatMap({ OperationID($0) }), case .pending = states[id] else { return }
        states[id] = .refused
        underWay -= 1
        bell.ring()
    }
}
