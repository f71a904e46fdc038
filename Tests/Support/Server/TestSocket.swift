package import IOCore
package import JSON
package import Web

/// A client's WebSocket whose frames wait until the test asks for them.
///
/// Loop-bound.
package final class TestSocket {
    /// Frames received and not yet taken, in order; heartbeats are counted only.
    package private(set) var frames: [JSONObject] = []
    package private(set) var heartbeats: [JSONObject] = []
    package private(set) var isClosed = false
    /// Called with each frame first; true when it is taken.
    package var onFrame: ((JSONObject) -> Bool)?
    /// While set, it reads no further than it already has.
    package var isPaused = false {
        didSet { if oldValue, !isPaused { connection.receive(with: self) } }
    }
    package let connection: WebSocketConnection
    package let loop: EventLoop

    /// What a test waited for in vain.
    package struct Missing: Error, CustomStringConvertible {
        package let description: String

        package init(_ description: String) { self.description = description }
    }

    /// Ways to say who one is.
    package enum Authentication: Sendable {
        case header(String)
        case subprotocol(String)
        case ticket(String)
        /// By a first frame, which is the test's to send.
        case none
    }

    /// Opens a socket; the server's `hello` may be still to come.
    package static func connect(
        to client: TestClient,
        _ authentication: Authentication,
        query: String? = nil,
        chat: Int64? = nil,
        headers: [(name: String, value: String)] = [],
        compression: DeflateContexts? = nil,
        outbound: OutboundLimits = .unlimited
    ) async throws(WebSocketClientError) -> TestSocket {
        var path = chat.map { "/api/v1/ws/\($0)" } ?? "/api/v1/ws"
        var headers = headers
        var subprotocols = ["duologue.v1"]
        switch authentication {
        case .header(let token): headers.append(("Authorization", "Bearer \(token)"))
        case .subprotocol(let token): subprotocols.append("bearer.\(token)")
        case .ticket(let ticket): path += "?ticket=\(ticket)"
        case .none: break
        }
        if let query { path += "?" + query }
        let connection = try await WebSocketClient.connect(
            host: "127.0.0.1",
            port: client.port,
            path: path,
            headers: headers,
            subprotocols: subprotocols,
            loop: client.loop,
            deadline: .seconds(30),
            compression: compression,
            outbound: outbound,
            resolver: client.resolver
        )
        return TestSocket(connection, loop: client.loop)
    }

    /// Opens a socket by header and waits for `ready`.
    package static func ready(_ client: TestClient, as user: TestUser) async throws -> TestSocket {
        let socket = try await connect(to: client, .header(user.token))
        _ = try await socket.frame("hello")
        _ = try await socket.frame("ready")
        return socket
    }

    /// The client of a connection that is open already.
    package init(_ connection: WebSocketConnection, loop: EventLoop) {
        self.connection = connection
        self.loop = loop
        connection.receive(with: self)
    }

    /// Sends a text frame.
    package func send(_ text: String) { _ = connection.sendText(Array(text.utf8)) }

    /// Sends a message command.
    package func sendMessage(_ content: String, to chat: Int64, id: String, clientID: String? = nil) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("type")
        writer.string("message")
        writer.key("id")
        writer.string(id)
        writer.key("chat_id")
        writer.integer(chat)
        writer.key("content")
        writer.string(content)
        if let clientID {
            writer.key("client_msg_id")
            writer.string(clientID)
        }
        writer.endObject()
        _ = connection.sendText(writer.bytes)
    }

    /// Takes the first frame of a type, those before it staying where they are.
    package func frame(_ type: String, within limit: Duration = .seconds(30)) async throws -> JSONObject {
        try await frame("a frame \(type)", within: limit) { $0.string("type") == type }
    }

    /// Takes the first frame that fits.
    package func frame(
        _ what: String,
        within limit: Duration = .seconds(30),
        where fits: (JSONObject) -> Bool
    ) async throws -> JSONObject {
        try await wait(for: what, within: limit) { frames.contains(where: fits) }
        guard let index = frames.firstIndex(where: fits) else { throw Missing(what) }
        return frames.remove(at: index)
    }

    /// Takes all frames of a type that have come.
    package func takeAll(_ type: String) -> [JSONObject] {
        defer { frames.removeAll { $0.string("type") == type } }
        return frames.filter { $0.string("type") == type }
    }

    /// Frames of a type that have come and were not taken.
    package func count(_ type: String) -> Int { frames.count { $0.string("type") == type } }

    /// Waits for the end of the connection and says how it ended.
    package func closeStatus(within limit: Duration = .seconds(30)) async throws -> WebSocketCloseStatus {
        try await wait(for: "the close", within: limit, evenClosed: true) { isClosed }
        return connection.closeStatus ?? WebSocketCloseStatus(.abnormal)
    }

    /// Waits until `condition` holds, which must not need time to be judged.
    package func wait(
        for what: String,
        within limit: Duration = .seconds(30),
        evenClosed: Bool = false,
        _ condition: () -> Bool
    ) async throws {
        let end = loop.now + limit
        while !condition() {
            if isClosed, !evenClosed { throw Missing("closed (\(reason)) before \(what)") }
            guard loop.now < end else { throw Missing("not within \(limit): \(what); have \(frames)") }
            await loop.sleep(for: .milliseconds(3))
        }
    }

    private var reason: String {
        connection.closeStatus.map { "\($0.code.rawValue) \($0.reason)" } ?? "no close frame"
    }
}

extension TestSocket: WebSocketReceiver {
    package func webSocket(_ connection: WebSocketConnection, didReceive message: WebSocketMessage) -> Bool {
        guard case .text(let bytes) = message, case .object(let frame)? = try? JSONValue(parsing: bytes) else {
            frames.append(JSONObject([]))
            return true
        }
        if frame.string("type") == "heartbeat" {
            heartbeats.append(frame)
        } else if onFrame?(frame) != true {
            frames.append(frame)
        }
        return !isPaused
    }

    package func webSocketDidClose(_ connection: WebSocketConnection) { isClosed = true }
}
