internal import Domain
internal import IOCore
internal import JSON
internal import Web

/// What an owner of a socket is told.
///
/// Called on the loop, in the order of the frames.
protocol ChatSocketOwner: AnyObject {
    /// The server said `ready`; `heads` tells where events begin, and none came yet.
    func socketIsReady(_ socket: ChatSocket)
    /// A frame came after `ready`.
    func socket(_ socket: ChatSocket, received frame: ServerFrame)
    /// A `message.new` came on a socket that does not parse them.
    func socketReceivedMessage(_ socket: ChatSocket)
    /// The socket is gone; nothing follows.
    func socketClosed(_ socket: ChatSocket, reason: String)
}

extension ChatSocketOwner {
    func socketIsReady(_ socket: ChatSocket) {}
    func socketReceivedMessage(_ socket: ChatSocket) {}
}

/// One user's authenticated WebSocket.
///
/// Loop-bound. Not the client library's, which fills holes and drops doubles: what checks or measures a server must see
/// what came.
final class ChatSocket {
    /// The number its owner knows it by.
    let index: Int
    let user: LoadUser
    /// Whether `message.new` is parsed, or only counted.
    let parsesMessages: Bool
    /// Last offset of each of the user's chats, as `ready` said.
    private(set) var heads: [ChatID: Offset] = [:]
    private let connection: WebSocketConnection
    private weak var owner: (any ChatSocketOwner)?

    /// Connects, authenticates by header, and returns once the server said `ready`.
    ///
    /// - Throws: `connection`, `refused` or `contract`.
    static func open(
        _ index: Int,
        as user: LoadUser,
        parsesMessages: Bool = true,
        compression: DeflateContexts? = nil,
        loop: EventLoop,
        resolver: BlockingPool,
        owner: any ChatSocketOwner
    ) async throws(LoadError) -> ChatSocket {
        let connection: WebSocketConnection
        do {
            connection = try await WebSocketClient.connect(
                host: user.server.host,
                port: user.server.port,
                path: "/api/v1/ws",
                headers: [("Authorization", "Bearer \(user.accessToken)")],
                subprotocols: ["duologue.v1"],
                loop: loop,
                compression: compression,
                outbound: OutboundLimits.unlimited,
                resolver: resolver
            )
        } catch {
            let code: LoadError.Code = error.code == .rejected ? .refused : .connection
            throw LoadError(
                code,
                "\(user.server): a WebSocket of \(user.username): \(error.message)",
                isRetryable: true
            )
        }
        let socket = ChatSocket(index, user, connection, parsesMessages: parsesMessages, owner: owner)
        try await socket.waitUntilReady(loop)
        owner.socketIsReady(socket)
        connection.receive(with: socket)
        return socket
    }

    private init(
        _ index: Int,
        _ user: LoadUser,
        _ connection: WebSocketConnection,
        parsesMessages: Bool,
        owner: any ChatSocketOwner
    ) {
        self.index = index
        self.user = user
        self.connection = connection
        self.parsesMessages = parsesMessages
        self.owner = owner
    }

    /// Whether the socket can still send.
    var isOpen: Bool { connection.isOpen }

    /// Sends a message command; its reply carries the client id.
    ///
    /// False when the socket is closed.
    func send(_ message: SentMessage, to chat: ChatID) -> Bool {
        var writer = JSONWriter(reservingCapacity: 200 + message.content.utf8.count)
        let id = message.id.description
        writer.beginObject()
        writer.key("type")
        writer.string("message")
        writer.key("id")
        writer.string(id)
        writer.key("chat_id")
        writer.integer(chat.rawValue)
        writer.key("content")
        writer.string(message.content)
        writer.key("client_msg_id")
        writer.string(id)
        if let replyTo = message.replyTo {
            writer.key("reply_to")
            writer.string(MessageID(chat: chat, sequence: replyTo).description)
        }
        writer.endObject()
        return connection.sendText(writer.bytes)
    }

    /// Sends a ping that the server answers with `pong`.
    func ping() -> Bool { connection.sendText(Array(#"{"type":"ping"}"#.utf8)) }

    /// Starts the closing handshake.
    func close() { connection.close() }

    /// Closes the TCP connection now.
    func abort() { connection.abort() }

    private func waitUntilReady(_ loop: EventLoop) async throws(LoadError) {
        let timer = loop.schedule(after: .seconds(30)) { [connection] in connection.abort() }
        defer { timer.cancel() }
        while let message = await connection.nextMessage() {
            guard case .text(let bytes) = message else { continue }
            switch try ServerFrame(parsing: bytes) {
            case .ready(let heads):
                self.heads = heads
                return
            case .error(_, let code, let detail, let isRetryable):
                throw LoadError(
                    .refused,
                    "\(user.username): \(code) \(detail)",
                    problem: code,
                    isRetryable: isRetryable
                )
            default: continue
            }
        }
        throw LoadError(
            .connection,
            "a WebSocket of \(user.username) closed before ready: \(reason)",
            isRetryable: true
        )
    }

    private var reason: String {
        guard let status = connection.closeStatus else { return "no close frame" }
        return "\(status.code.rawValue) \(status.reason)"
    }
}

extension ChatSocket: WebSocketReceiver {
    func webSocket(_ connection: WebSocketConnection, didReceive message: WebSocketMessage) -> Bool {
        guard case .text(let bytes) = message else { return true }
        if !parsesMessages, ServerFrame.isPlainlyMessage(bytes) {
            owner?.socketReceivedMessage(self)
            return true
        }
        do throws(LoadError) {
            owner?.socket(self, received: try ServerFrame(parsing: bytes))
        } catch {
            owner?.socket(
                self,
                received: .error(id: nil, code: "contract", detail: error.message, isRetryable: false)
            )
        }
        return true
    }

    func webSocketDidClose(_ connection: WebSocketConnection) { owner?.socketClosed(self, reason: reason) }
}
