internal import Domain
internal import IOCore

/// One closed-loop sender: a user with a socket who sends the next message when the last one is acked.
///
/// Loop-bound. Outlives its socket: when that closes, or an answer does not come, it connects again and sends the same
/// message under the same id, so that a message counts once however often it was sent.
final class Sender {
    /// How patient a sender is.
    struct Patience: Sendable {
        /// Until an answer counts as lost.
        var answer = Duration.seconds(10)
        /// After the end of the load, for what is still unanswered.
        var settling = Duration.seconds(10)
    }

    private enum Outcome {
        case waiting
        case acked(SequenceNumber, Offset)
        case failed(code: String, isRetryable: Bool)
    }

    private let user: LoadUser
    private let index: Int
    private let chat: ChatID
    private let size: Int
    private let tool: Tool
    private let loop: EventLoop
    private let patience: Patience
    private let journal: Journal?
    private let bell: Bell
    private var socket: ChatSocket?
    private var pending: OperationID?
    private var outcome = Outcome.waiting
    private var number = 0
    private var window: LoadWindow?
    private var figures = LoadFigures()

    private static let retryPause = Duration.milliseconds(50)

    /// A sender without socket.
    init(_ index: Int, user: LoadUser, chat: ChatID, size: Int, tool: Tool, patience: Patience, journal: Journal?) {
        self.index = index
        self.user = user
        self.chat = chat
        self.size = size
        self.tool = tool
        self.patience = patience
        self.journal = journal
        loop = tool.loop
        bell = Bell(loop: tool.loop)
    }

    /// Opens the socket.
    ///
    /// - Throws: `LoadError`.
    func connect() async throws(LoadError) {
        socket = try await ChatSocket.open(
            index,
            as: user,
            parsesMessages: false,
            loop: loop,
            resolver: tool.resolver,
            owner: self
        )
    }

    /// Closes the socket.
    func close() {
        let closing = socket
        socket = nil
        closing?.close()
    }

    /// Sends until the window ends, settles what is unanswered, and returns what it saw within the window.
    func run(_ window: LoadWindow) async throws(LoadError) -> LoadFigures {
        self.window = window
        figures = LoadFigures()
        let deadline = window.end + patience.settling
        while loop.now < window.end {
            number += 1
            let content = LoadText.make(number: index * 1_000_000_000 + number, size: size)
            let message = SentMessage(id: .random(), sender: user.id, content: content, replyTo: nil)
            let begun = loop.now
            guard let place = await settle(message, by: deadline) else { continue }
            if window.contains(loop.now) {
                figures.acked += 1
                figures.latencies.record(loop.now - begun)
            }
            try journal?.append(message, in: chat, at: place.sequence, offset: place.offset)
        }
        self.window = nil
        return figures
    }

    /// Sends a message until it is acked; nil when it was refused for good or the deadline passed.
    private func settle(
        _ message: SentMessage,
        by deadline: ContinuousClock.Instant
    ) async -> (sequence: SequenceNumber, offset: Offset)? {
        while loop.now < deadline {
            guard await isConnected(by: deadline) else { break }
            pending = message.id
            outcome = .waiting
            if socket?.send(message, to: chat) == true { await waitForAnswer() }
            pending = nil
            switch outcome {
            case .acked(let sequence, let offset): return (sequence, offset)
            case .waiting:
                complain("no answer in time")
                // Whatever becomes of the old socket, a late answer must not be taken for a later message's.
                drop()
            case .failed(let code, let isRetryable):
                complain(code)
                guard isRetryable else { return nil }
                await loop.sleep(for: Self.retryPause)
            }
        }
        figures.unsettled += 1
        return nil
    }

    private func waitForAnswer() async {
        let end = loop.now + patience.answer
        while case .waiting = outcome {
            if await bell.wait(until: end) { return }
        }
    }

    private func isConnected(by deadline: ContinuousClock.Instant) async -> Bool {
        var backoff = Backoff(initial: .milliseconds(50), maximum: .seconds(1))
        while socket?.isOpen != true {
            do throws(LoadError) {
                try await connect()
            } catch {
                guard loop.now < deadline else { return false }
                await loop.sleep(for: backoff.next())
            }
        }
        return true
    }

    private func drop() {
        let dropped = socket
        socket = nil
        dropped?.abort()
    }

    private func complain(_ what: String) { figures.errors[what, default: 0] += 1 }
}

extension Sender: ChatSocketOwner {
    func socket(_ socket: ChatSocket, received frame: ServerFrame) {
        switch frame {
        case .ack(let id, _, let sequence, let offset, _) where id == pending?.description:
            outcome = .acked(sequence, offset)
            bell.ring()
        case .error(let id, let code, _, let isRetryable) where id == nil || id == pending?.description:
            outcome = .failed(code: code, isRetryable: isRetryable)
            bell.ring()
        case .event(_, _, .some): socketReceivedMessage(socket)
        default: break
        }
    }

    func socketReceivedMessage(_ socket: ChatSocket) {
        if let window, window.contains(loop.now) { figures.delivered += 1 }
    }

    func socketClosed(_ socket: ChatSocket, reason: String) {
        guard socket === self.socket else { return }
        self.socket = nil
        guard pending != nil else { return }
        outcome = .failed(code: "the socket closed: \(reason)", isRetryable: true)
        bell.ring()
    }
}
