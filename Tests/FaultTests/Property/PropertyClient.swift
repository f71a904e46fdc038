import IOCore
import JSON
import Support
import Web

/// A client of one user: a socket that resumes wherever it was cut, and what it makes of all that comes.
///
/// Loop-bound.
final class PropertyClient {
    let user: TestUser
    private(set) var replica: ClientReplica
    let proxy: CuttingProxy
    /// Until when it does not connect.
    var isAwayUntil: ContinuousClock.Instant
    private let cluster: PropertyCluster
    private var random: SplitMix64
    private var socket: TestSocket?
    /// Replies to commands, by the commands' ids.
    private var replies: [String: JSONObject] = [:]
    private var isOver = false

    private static let patience = Duration.seconds(7)
    private static let pause = Duration.milliseconds(4)

    init(_ cluster: PropertyCluster, _ user: TestUser, _ name: String, firstChat: Int64, _ random: SplitMix64) throws {
        self.cluster = cluster
        self.user = user
        self.random = random
        replica = ClientReplica(user: user.id, name: "\(name), user \(user.id)", firstChat: firstChat)
        proxy = try CuttingProxy(loop: cluster.loop)
        isAwayUntil = cluster.loop.now
    }

    /// Whether it has all it asked for.
    var isCaughtUp: Bool { replica.isLive && socket?.isClosed == false && replica.wanted.isEmpty }

    /// Stays connected until the end.
    func run() async {
        while !isOver {
            if cluster.loop.now >= isAwayUntil { await listen() }
            replica.closed()
            await cluster.loop.sleep(for: random.milliseconds(1...20))
        }
        proxy.close()
    }

    /// Leaves for good.
    func end() { isOver = true }

    /// Leaves for a while.
    func leave(for time: Duration) { isAwayUntil = cluster.loop.now + time }

    // MARK: Connection

    private func listen() async {
        proxy.upstreamPort = cluster.nodes[Int.random(in: cluster.nodes.indices, using: &random)].port
        proxy.nextCut = random.chance(percent: 25) ? cut() : nil
        let client = TestClient(port: proxy.port, loop: cluster.loop, resolver: cluster.resolver)
        let socket = try? await TestSocket.connect(to: client, .header(user.token), query: "resume=1")
        guard let socket else { return }
        defer { socket.connection.abort() }
        self.socket = socket
        // In one turn of the loop, so that nothing comes in between.
        for frame in socket.frames { receive(frame, from: socket) }
        socket.onFrame = { [unowned self, unowned socket] frame in
            receive(frame, from: socket)
            return true
        }
        while !socket.isClosed, !isOver, cluster.loop.now >= isAwayUntil { await cluster.loop.sleep(for: Self.pause) }
        socket.onFrame = { _ in true }
    }

    /// Where a connection ends that ends early: in the handshake, in what was missed, or later.
    func cut() -> CuttingProxy.Cut {
        let direction: CuttingProxy.Cut.Direction = random.chance(percent: 30) ? .toServer : .toClient
        let limit = random.chance(percent: 50) ? 1_500 : 12_000
        let linger = random.chance(percent: 30) ? random.milliseconds(50...800) : .zero
        return CuttingProxy.Cut(direction, after: Int.random(in: 0...limit, using: &random), linger: linger)
    }

    private func receive(_ frame: JSONObject, from socket: TestSocket) {
        guard self.socket === socket else { return }
        let type = frame.string("type")
        if type == "ack" || type == "error" {
            if let id = frame.string("id") { replies[id] = frame }
            return
        }
        replica.receive(frame)
        if type == "hello" { resume(over: socket) }
    }

    private func resume(over socket: TestSocket) {
        let cursors = replica.resume().sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
        let epoch = replica.epoch ?? ""
        socket.send(#"{"type":"resume","epoch":"\#(epoch)","cursors":{\#(cursors.joined(separator: ","))}}"#)
    }

    // MARK: Writing

    /// Puts a command on the wire and waits for its answer.
    func attempt(_ command: String, id: String) async -> WriteAttempt {
        guard let socket, !socket.isClosed else { return .unsettled }
        replies[id] = nil
        socket.send(command)
        let end = cluster.loop.now + Self.patience
        while cluster.loop.now < end {
            if let reply = replies.removeValue(forKey: id) { return WriteAttempt(reply) }
            if socket.isClosed || self.socket !== socket { return .unsettled }
            await cluster.loop.sleep(for: Self.pause)
        }
        return .unsettled
    }

    // MARK: Fetching

    /// Fetches what is to be read anew, until the end.
    func fetch() async {
        while !isOver {
            for (chat, wish) in replica.wanted {
                let node = Int.random(in: cluster.nodes.indices, using: &random)
                if let state = await state(of: chat, from: node) { replica.fetched(chat, wish: wish, state.found) }
            }
            await cluster.loop.sleep(for: Self.pause)
        }
    }

    /// What REST answers of a chat.
    struct Fetched {
        /// Nil where there is no such chat for the user.
        let found: ReplicaState?
    }

    /// Fetches a chat from a node; nil where that did not work out.
    func state(of chat: Int64, from node: Int) async -> Fetched? {
        do {
            // In this order pins are of messages that are known.
            guard let described = try await get("/chats/\(chat)", from: node)?.object else {
                return Fetched(found: nil)
            }
            let participants = try await get("/chats/\(chat)/participants?limit=100", from: node)?.items
            guard let pins = try await get("/chats/\(chat)/pins?limit=100", from: node)?.items, let participants else {
                return Fetched(found: nil)
            }
            var messages: [JSONObject] = []
            while true {
                let after = messages.last?.integer("seq") ?? 0
                let page = try await get("/chats/\(chat)/messages?after=\(after)&limit=100", from: node)?.items
                guard let page else { return Fetched(found: nil) }
                messages += page
                if page.count < 100 { break }
            }
            let state = ReplicaState(chat: described, participants: participants, pins: pins, messages: messages)
            return Fetched(found: state)
        } catch {
            return nil
        }
    }

    /// An answer; nil where there is no such chat for the user.
    private func get(_ path: String, from node: Int) async throws -> TestAnswer? {
        let answer = try await cluster.with(node: node) { try await $0.send(.get, path, token: user.token) }
        if answer.code == "chat_not_found" { return nil }
        guard answer.status == 200 else { throw TestUser.Unexpected(answer: answer) }
        return answer
    }
}
