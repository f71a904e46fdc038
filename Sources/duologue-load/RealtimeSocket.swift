internal import IOCore
internal import JSON
internal import Web

/// What the sockets of a crowd tell.
protocol RealtimeObserver: AnyObject {
    /// A message came whose content is a stamp of `RealtimeStamp`.
    func received(stamp: Int64)
    /// A socket got something that it should not: an event twice, out of order or after a hole, or an unexpected end.
    func fault(_ what: String)
}

/// A socket that follows the offsets of its chats, looks at the stamps of messages, and can go on where an earlier one was.
///
/// Loop-bound. Nothing but its first frames is parsed, so that the crowd costs the machine little.
final class RealtimeSocket {
    let user: LoadUser
    private(set) var epoch = ""
    /// The last offset seen of each chat.
    private(set) var cursors: [Int64: Int64]
    private let connection: WebSocketConnection
    private weak var observer: (any RealtimeObserver)?
    private var isExpectedToEnd = false

    /// Connects and waits for `ready`; where there is an earlier socket, resumes from its cursors and waits for `resumed`.
    ///
    /// - Throws: `connection` or `contract`.
    static func open(
        as user: LoadUser,
        after earlier: RealtimeSocket? = nil,
        reads: Bool = true,
        tool: Tool,
        observer: any RealtimeObserver
    ) async throws -> RealtimeSocket {
        let connection = try await WebSocketClient.connect(
            host: user.server.host,
            port: user.server.port,
            path: "/api/v1/ws" + (earlier == nil ? "" : "?resume=1"),
            headers: [("Authorization", "Bearer \(user.accessToken)")],
            subprotocols: ["duologue.v1"],
            loop: tool.loop,
            deadline: .seconds(30),
            outbound: .unlimited,
            resolver: tool.resolver
        )
        let socket = RealtimeSocket(user, connection, earlier?.cursors ?? [:], observer)
        if let earlier { _ = connection.sendText(earlier.resumeFrame) }
        let timer = tool.loop.schedule(after: .seconds(30)) { connection.abort() }
        defer { timer.cancel() }
        try await socket.begin(isResuming: earlier != nil)
        // Without a receiver its inbox fills, and then the stream is left unread.
        if reads { connection.receive(with: socket) } else { socket.isExpectedToEnd = true }
        return socket
    }

    private init(
        _ user: LoadUser,
        _ connection: WebSocketConnection,
        _ cursors: [Int64: Int64],
        _ observer: any RealtimeObserver
    ) {
        self.user = user
        self.connection = connection
        self.cursors = cursors
        self.observer = observer
    }

    /// Sends a message of a given size that carries a stamp.
    func send(to chat: Int64, bytes: Int) {
        let stamp = RealtimeStamp.now()
        let content = "\(stamp) " + String(repeating: "x", count: max(0, bytes - 20))
        _ = connection.sendText(Array(#"{"type":"message","chat_id":\#(chat),"content":"\#(content)"}"#.utf8))
    }

    /// Ends the TCP connection at once.
    func cut() {
        isExpectedToEnd = true
        connection.abort()
    }

    private var resumeFrame: [UInt8] {
        let pairs = cursors.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
        return Array(#"{"type":"resume","epoch":"\#(epoch)","cursors":{\#(pairs)}}"#.utf8)
    }

    private func begin(isResuming: Bool) async throws {
        while let message = await connection.nextMessage() {
            if case .text(let bytes) = message, try isBegun(by: bytes, isResuming: isResuming) { return }
        }
        let end = connection.closeStatus.map { "\($0.code.rawValue) \($0.reason)" } ?? "cut"
        throw LoadError(.connection, "a socket ended before it was ready: \(end)", isRetryable: true)
    }

    /// Whether a frame is the last one before what happens.
    private func isBegun(by bytes: [UInt8], isResuming: Bool) throws -> Bool {
        guard !look(at: bytes), case .object(let frame) = try JSONValue(parsing: bytes),
            case .array(let chats)? = frame["chats"]
        else { return false }
        switch frame.string("type") {
        case "ready":
            epoch = frame.string("epoch") ?? ""
            guard !isResuming else { return false }
            for case .object(let chat) in chats { cursors[chat.integer("chat_id") ?? 0] = chat.integer("last_offset") }
        case "resumed":
            for case .object(let chat) in chats where chat["from"] == nil { observer?.fault("chat not resumed") }
        default: return false
        }
        return true
    }

    /// The creation of a chat counts as announced a moment after it, and then comes as an event.
    private func followCreation(_ bytes: [UInt8]) {
        guard bytes.starts(with: Self.creation), case .object(let frame)? = try? JSONValue(parsing: bytes),
            let chat = frame.integer("chat_id"), let offset = frame.integer("offset")
        else { return }
        cursors[chat] = offset
    }

    private static let creation = Array(#"{"type":"chat.created""#.utf8)

    /// Takes a `message.new` as the server writes it; false for any other frame.
    private func look(at bytes: [UInt8]) -> Bool {
        guard let message = RealtimeStamp(bytes) else { return false }
        let expected = (cursors[message.chat] ?? message.offset - 1) + 1
        if message.offset != expected {
            observer?.fault("event \(message.offset) of chat \(message.chat), expected \(expected)")
        }
        cursors[message.chat] = message.offset
        observer?.received(stamp: message.stamp)
        return true
    }
}

extension RealtimeSocket: WebSocketReceiver {
    func webSocket(_ connection: WebSocketConnection, didReceive message: WebSocketMessage) -> Bool {
        if case .text(let bytes) = message, !look(at: bytes) { followCreation(bytes) }
        return true
    }

    func webSocketDidClose(_ connection: WebSocketConnection) {
        guard !isExpectedToEnd else { return }
        let end = connection.closeStatus.map { "\($0.code.rawValue) \($0.reason)" } ?? "cut"
        observer?.fault("a socket ended: \(end)")
    }
}
