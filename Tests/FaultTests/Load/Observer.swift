import IOCore
import JSON
import Support
import Web

/// A client that only listens, on one node, and comes back whenever its connection ends.
///
/// Loop-bound.
final class Observer {
    private(set) var log: DeliveryLog
    let user: TestUser
    private unowned let load: MixedLoad
    private let node: FaultNode
    private let chats: Set<Int64>
    private var socket: TestSocket?

    init(_ load: MixedLoad, _ node: FaultNode, _ user: TestUser) {
        self.load = load
        self.node = node
        self.user = user
        chats = Set(load.cast.chats)
        log = DeliveryLog(user: user.id, name: "\(user.username) on \(node.name)")
    }

    /// Whether it is connected and has heard of everything up to `offset`.
    func hasHeard(of chat: Int64, upTo offset: Int64) -> Bool {
        socket?.isClosed == false && log.newest(of: chat).map { $0 >= offset } ?? false
    }

    /// Listens until the load is over.
    func run() async {
        while !load.isOver {
            await listen()
            if load.isOver { return }
            log.end()
            await load.loop.sleep(for: .milliseconds(50))
        }
    }

    /// Ends the connection; the log keeps it as open.
    func leave() { socket?.connection.abort() }

    private func listen() async {
        let client = node.makeClient()
        guard let socket = try? await TestSocket.connect(to: client, .header(user.token)) else { return }
        defer { socket.connection.abort() }
        guard let ready = try? await socket.frame("ready", within: .seconds(6)) else { return }
        var heads: [Int64: Int64] = [:]
        for chat in ready.objects("chats") {
            if let id = chat.integer("chat_id"), chats.contains(id) { heads[id] = chat.integer("last_offset") ?? 0 }
        }
        log.begin(heads: heads, chats: Array(heads.keys))
        // Both in one turn of the loop, so that nothing comes in between.
        for frame in socket.frames { receive(frame) }
        socket.onFrame = { [unowned self] frame in
            receive(frame)
            return true
        }
        self.socket = socket
        while !socket.isClosed, !load.isOver { await load.loop.sleep(for: .milliseconds(20)) }
    }

    private func receive(_ frame: JSONObject) {
        guard let chat = frame.integer("chat_id"), chats.contains(chat), let offset = frame.integer("offset") else {
            return
        }
        guard frame.string("type") == "message.new" else { return log.receive(chat: chat, offset: offset) }
        let message = frame.object("message")
        guard let id = message.string("client_msg_id"), let body = message.string("content") else {
            return log.receive(chat: chat, offset: offset)
        }
        log.receive(chat: chat, offset: offset, message: (id, body))
    }
}
