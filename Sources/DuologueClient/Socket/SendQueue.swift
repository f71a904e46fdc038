/// Messages on their way to the server, bounded, in order per chat.
///
/// A value without I/O.
///
/// Of each chat one message at a time is sent and not yet answered: a second one could overtake the first where the server
/// asks to try that again. Chats take turns.
struct SendQueue<Message> {
    typealias ChatID = DuologueClient.ChatID

    /// One message to be sent now, under the number its answer will carry.
    struct Departure {
        let number: Int64
        let message: Message
    }

    private enum Stage: Equatable {
        /// In `turns`, unless it has no messages.
        case ready
        case sent(number: Int64, at: ContinuousClock.Instant)
        /// The server asked to try again later.
        case postponed
    }

    private struct Line {
        var messages: [Message] = []
        var stage = Stage.ready
    }

    /// Messages not answered for good.
    private(set) var count = 0
    private let limit: Int
    private let window: Int
    private var lines: [ChatID: Line] = [:]
    private var turns: [ChatID] = []
    private var underWay: [Int64: ChatID] = [:]
    private var lastNumber: Int64 = 0

    /// Holds at most `limit` messages, and lets `window` of them be on their way at once.
    init(limit: Int, window: Int = 32) {
        self.limit = limit
        self.window = window
    }

    /// Adds a message behind those of its chat.
    ///
    /// - Throws: `queueFull`.
    mutating func append(_ message: Message, to chat: ChatID) throws(DuologueError) {
        guard count < limit else {
            throw DuologueError(.queueFull, "\(limit) messages wait to be sent", isRetryable: true)
        }
        count += 1
        lines[chat, default: Line()].messages.append(message)
        if lines[chat]?.messages.count == 1 { turns.append(chat) }
    }

    /// What may be sent now; the caller sends it.
    mutating func depart(at now: ContinuousClock.Instant) -> [Departure] {
        var departures: [Departure] = []
        while !turns.isEmpty, underWay.count < window {
            let chat = turns.removeFirst()
            guard let message = lines[chat]?.messages.first else { continue }
            lastNumber += 1
            underWay[lastNumber] = chat
            lines[chat]?.stage = .sent(number: lastNumber, at: now)
            departures.append(Departure(number: lastNumber, message: message))
        }
        return departures
    }

    /// Takes out the message sent under a number, which was answered for good; nil where none waits for that answer.
    mutating func settle(_ number: Int64) -> Message? {
        guard let chat = underWay.removeValue(forKey: number), let message = lines[chat]?.messages.removeFirst()
        else { return nil }
        count -= 1
        makeReady(chat)
        return message
    }

    /// Keeps the message sent under a number, and its chat, waiting until `release`; the chat.
    mutating func postpone(_ number: Int64) -> ChatID? {
        guard let chat = underWay.removeValue(forKey: number) else { return nil }
        lines[chat]?.stage = .postponed
        return chat
    }

    /// Lets a postponed chat have its turn again.
    mutating func release(_ chat: ChatID) {
        if lines[chat]?.stage == .postponed { makeReady(chat) }
    }

    /// Makes everything that is not answered wait to be sent again, under the same ids, before what came after it.
    mutating func disconnect() {
        underWay = [:]
        turns = []
        // In the order in which they were sent, then the others: fair, and the same every time.
        let order = lines.sorted { Self.rank($0.value.stage) < Self.rank($1.value.stage) }.map(\.key)
        for chat in order { makeReady(chat) }
    }

    /// Takes out everything.
    mutating func removeAll() -> [Message] {
        defer { self = SendQueue(limit: limit, window: window) }
        return lines.values.flatMap(\.messages)
    }

    /// When the longest unanswered message was sent.
    var oldestDeparture: ContinuousClock.Instant? {
        underWay.values.compactMap { chat in
            if case .sent(_, let at)? = lines[chat]?.stage { at } else { nil }
        }.min()
    }

    private mutating func makeReady(_ chat: ChatID) {
        guard lines[chat]?.messages.isEmpty == false else {
            lines[chat] = nil
            return
        }
        lines[chat]?.stage = .ready
        turns.append(chat)
    }

    private static func rank(_ stage: Stage) -> Int64 {
        if case .sent(let number, _) = stage { number } else { .max }
    }
}
