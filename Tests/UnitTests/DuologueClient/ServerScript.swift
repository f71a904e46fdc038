import IOCore
import JSON
import Web

/// What a scripted server holds and does: chats, tokens, and the faults a test asks for.
///
/// Loop-bound.
final class ServerScript {
    /// Answers to messages other than an ack.
    enum Fault {
        case refusal(code: String, isRetryable: Bool)
        /// The message is kept, and the connection cut before the ack.
        case lostAck
        /// The connection is cut before the message is looked at.
        case lostMessage
    }

    let loop: EventLoop
    var epoch = "e1"
    var token = "token-1"
    var refreshToken = "refresh-1"
    var lifetimeSeconds = 900
    var refusesRefresh = false
    /// Events of each chat, as they are sent.
    private(set) var events: [Int64: [String]] = [:]
    /// Contents of the messages kept, in their order.
    private(set) var contents: [Int64: [String]] = [:]
    /// Contents of message frames as they came.
    private(set) var received: [String] = []
    /// The ids of those messages, and the numbers of the commands that they came with.
    private(set) var receivedIDs: [String] = []
    private(set) var receivedNumbers: [Int64] = []
    private(set) var refreshes = 0
    private(set) var handshakes = 0
    private(set) var resumes: [String] = []
    private(set) var eventRequests = 0
    private(set) var presentedTokens: [String] = []
    var faults: [Fault] = []
    /// Statuses that the next handshakes are refused with.
    var refusals: [Int] = []
    /// Close codes for the next sockets, as soon as they are ready.
    var closeCodes: [UInt16] = []
    /// Offsets that are not told live.
    var withheld: Set<Int64> = []
    /// Bytes of a socket's frames that pass, for the next sockets, before they are cut.
    var cuts: [Int] = []
    private var places: [String: (chat: Int64, sequence: Int64, offset: Int64)] = [:]
    private(set) var sockets: [ScriptedSocket] = []

    init(loop: EventLoop) { self.loop = loop }

    // MARK: Chats

    func makeChat(_ chat: Int64) {
        events[chat] = []
        contents[chat] = []
        append(chat) { #"{"type":"chat.created","chat_id":\#(chat),"offset":\#($0),"chat":\#(Self.chat(chat))}"# }
    }

    /// Keeps a message and tells everybody; its place.
    @discardableResult
    func post(_ content: String, to chat: Int64, clientID: String? = nil) -> (sequence: Int64, offset: Int64) {
        contents[chat, default: []].append(content)
        let sequence = Int64(contents[chat]?.count ?? 0)
        let id = clientID.map { "\"\($0)\"" } ?? "null"
        let offset = append(chat) { offset in
            #"{"type":"message.new","chat_id":\#(chat),"offset":\#(offset),"message":{"message_id":"\#(chat)-\#(sequence)","#
                + #""chat_id":\#(chat),"seq":\#(sequence),"offset":\#(offset),"rev":\#(offset),"sender_id":7,"type":"text","#
                + #""content":"\#(content)","created_at":"2026-01-31T23:59:59.001Z","edited_at":null,"deleted":false,"#
                + #""reply_to":null,"thread_root":null,"thread":{"reply_count":0,"last_reply_seq":null},"reactions":[],"#
                + #""attachments":[],"mentions":[],"client_msg_id":\#(id)}}"#
        }
        return (sequence, offset)
    }

    func remove(_ chat: Int64) {
        events[chat] = nil
        contents[chat] = nil
    }

    @discardableResult
    private func append(_ chat: Int64, _ event: (Int64) -> String) -> Int64 {
        let offset = Int64(events[chat]?.count ?? 0) + 1
        let text = event(offset)
        events[chat, default: []].append(text)
        guard !withheld.contains(offset) else { return offset }
        for socket in sockets where socket.isLive { socket.send(text) }
        return offset
    }

    /// Tells every socket how far the chats are.
    func beat() {
        let heads = events.map { "\"\($0.key)\":\($0.value.count)" }.joined(separator: ",")
        for socket in sockets where socket.isLive { socket.send(#"{"type":"heartbeat","heads":{\#(heads)}}"#) }
    }

    func sendAll(_ text: String) { for socket in sockets { socket.send(text) } }
    func cutAll() { for socket in sockets { socket.cut() } }
    func closeAll(_ code: UInt16) { for socket in sockets { socket.close(code) } }
    func forget(_ socket: ScriptedSocket) { sockets.removeAll { $0 === socket } }

    // MARK: Commands

    func take(_ frame: JSONObject, _ socket: ScriptedSocket) {
        switch frame.text("type") {
        case "resume":
            resume(frame, socket)
        case "auth":
            presentedTokens.append(frame.text("token"))
            socket.send(#"{"type":"ack"}"#)
        case "message": take(message: frame, socket)
        default: break
        }
    }

    private func take(message frame: JSONObject, _ socket: ScriptedSocket) {
        let (chat, id, content) = (frame.number("chat_id"), frame.text("client_msg_id"), frame.text("content"))
        received.append(content)
        receivedIDs.append(id)
        receivedNumbers.append(frame.number("id"))
        let fault = faults.isEmpty ? nil : faults.removeFirst()
        switch fault {
        case .lostMessage: return socket.cut()
        case .refusal(let code, let isRetryable):
            let number = frame.number("id")
            return socket.send(
                #"{"type":"error","id":\#(number),"code":"\#(code)","detail":"no","retryable":\#(isRetryable)}"#
            )
        case .lostAck, nil: break
        }
        let known = places[id]
        let place: (chat: Int64, sequence: Int64, offset: Int64)
        if let known {
            place = known
        } else {
            let (sequence, offset) = post(content, to: chat, clientID: id)
            place = (chat, sequence, offset)
            places[id] = place
        }
        if case .lostAck = fault { return socket.cut() }
        socket.send(
            #"{"type":"ack","id":\#(frame.number("id")),"message_id":"\#(chat)-\#(place.sequence)","chat_id":\#(chat),"#
                + #""seq":\#(place.sequence),"offset":\#(place.offset),"created_at":"2026-01-31T23:59:59.001Z","#
                + #""duplicate":\#(known != nil)}"#
        )
    }

    /// Says how far everything is, and lets the socket in.
    func ready(_ socket: ScriptedSocket) {
        let heads = events.map {
            #"{"chat_id":\#($0.key),"last_seq":\#(contents[$0.key]?.count ?? 0),"last_offset":\#($0.value.count),"#
                + #""read_seq":0,"unread":0}"#
        }
        socket.send(#"{"type":"ready","user_id":7,"epoch":"\#(epoch)","chats":[\#(heads.joined(separator: ","))]}"#)
    }

    private func resume(_ frame: JSONObject, _ socket: ScriptedSocket) {
        ready(socket)
        guard case .object(let cursors)? = frame["cursors"] else { return }
        resumes.append(frame.text("epoch"))
        var entries: [String] = []
        for (chat, events) in events.sorted(by: { $0.key < $1.key }) {
            let cursor = Int(cursors.optionalNumber("\(chat)") ?? -1)
            if frame.text("epoch") != epoch || cursor < 0 || cursor > events.count || events.count - cursor > 100 {
                entries.append(#"{"chat_id":\#(chat),"reset":true,"last_offset":\#(events.count)}"#)
            } else {
                for event in events[cursor...] { socket.send(event) }
                entries.append(#"{"chat_id":\#(chat),"from":\#(cursor + 1),"to":\#(events.count)}"#)
            }
        }
        for member in cursors.members where events[Int64(member.name) ?? 0] == nil {
            entries.append(#"{"chat_id":\#(member.name),"gone":true}"#)
        }
        socket.send(#"{"type":"resumed","chats":[\#(entries.joined(separator: ","))]}"#)
        socket.isLive = true
    }

    // MARK: Routes

    func makeRouter(logger: Logger) -> Router<BasicRequestContext> {
        let router = Router<BasicRequestContext>(logger: logger)
        router.on(.post, "/api/v1/auth/login", name: "login") { [self] _, _ in grant() }
        router.on(.post, "/api/v1/auth/refresh", name: "refresh") { [self] request, _ in refresh(request) }
        router.on(.get, "/api/v1/auth/me", name: "me") { [self] request, _ in
            guard isAuthorized(request) else { return Self.problem(401, "token_expired") }
            return .json(.ok, Array(#"{"user_id":7,"username":"ada","created_at":"2026-01-31T23:59:59.001Z"}"#.utf8))
        }
        router.on(.get, "/api/v1/chats/{id}/events", name: "events") { [self] request, context in
            eventRequests += 1
            guard let events = events[try context.parameters.integer("id")] else {
                return Self.problem(404, "chat_not_found")
            }
            let after = Int(try request.queryItem("after") ?? "") ?? 0
            return .json(
                .ok,
                Array(#"{"items":[\#(events.dropFirst(after).prefix(100).joined(separator: ","))],"next":null}"#.utf8)
            )
        }
        router.on(.get, "/api/v1/ws", name: "socket") { [self] request, _ in try upgrade(request) }
        return router
    }

    private func isAuthorized(_ request: HTTPRequest) -> Bool { request.headers["authorization"] == "Bearer \(token)" }

    private func grant() -> HTTPResponse {
        .json(
            .ok,
            Array(
                (#"{"access_token":"\#(token)","refresh_token":"\#(refreshToken)","token_type":"bearer","#
                    + #""expires_in":\#(lifetimeSeconds),"session_id":"s"}"#).utf8
            )
        )
    }

    private func refresh(_ request: HTTPRequest) -> HTTPResponse {
        refreshes += 1
        guard !refusesRefresh, case .object(let object)? = try? JSONValue(parsing: request.body),
            object.text("refresh_token") == refreshToken
        else { return Self.problem(401, "unauthenticated") }
        token = "token-\(refreshes + 1)"
        refreshToken = "refresh-\(refreshes + 1)"
        return grant()
    }

    private func upgrade(_ request: HTTPRequest) throws -> HTTPResponse {
        handshakes += 1
        if !refusals.isEmpty { return Self.problem(refusals.removeFirst(), "refused") }
        guard isAuthorized(request) else { return Self.problem(401, "token_expired") }
        let handshake = try WebSocketHandshake(
            method: request.method.name,
            httpVersion: (1, 1),
            headerValues: request.headers.values(of:)
        )
        let headers = HTTPHeaders(
            handshake.responseHeaders(subprotocol: handshake.subprotocol(among: ["duologue.v1"]), extensions: nil)
                .filter { $0.name != "Upgrade" && $0.name != "Connection" }
        )
        let resumes = try request.queryItem("resume") == "1"
        return .upgrade(to: "websocket", headers: headers) { [self] stream, leftover, ended in
            let connection = WebSocketConnection(upgraded: stream, loop: loop, role: .server, leftover: leftover)
            let socket = ScriptedSocket(
                connection,
                self,
                budget: cuts.isEmpty ? .max : cuts.removeFirst(),
                ended: ended
            )
            sockets.append(socket)
            socket.send(#"{"type":"hello","heartbeat_ms":15000,"epoch":"\#(epoch)","max_frame_bytes":131072}"#)
            if !resumes {
                ready(socket)
                socket.isLive = true
            }
            socket.begin()
            if !closeCodes.isEmpty { socket.close(closeCodes.removeFirst()) }
        }
    }

    private static func problem(_ status: Int, _ code: String) -> HTTPResponse {
        .json(HTTPStatus(status), Array(#"{"code":"\#(code)","detail":"no","retryable":\#(status == 503)}"#.utf8))
    }

    private static func chat(_ chat: Int64) -> String {
        #"{"chat_id":\#(chat),"type":"group","visibility":"private","name":"Group","description":null,"avatar_url":null,"#
            + #""created_at":"2026-01-31T23:59:59.001Z","updated_at":"2026-01-31T23:59:59.001Z","created_by":7,"#
            + #""last_seq":0,"last_offset":1,"participant_count":1}"#
    }
}

extension JSONObject {
    fileprivate func text(_ name: String) -> String {
        if case .string(let text)? = self[name] { text } else { "" }
    }

    fileprivate func optionalNumber(_ name: String) -> Int64? {
        if case .integer(let number)? = self[name] { number } else { nil }
    }

    fileprivate func number(_ name: String) -> Int64 { optionalNumber(name) ?? 0 }
}
