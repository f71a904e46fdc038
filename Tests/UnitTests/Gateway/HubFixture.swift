import Domain
import IOCore
import JSON
import Messaging
import Support
import Web

@testable import Gateway

/// Hubs of one loop over the same stores in memory, and sockets that remember what they were sent.
///
/// Loop-bound.
final class HubFixture {
    let loop: EventLoop
    let stores = MemoryStores()
    let directory: SlowDirectory
    let history: SlowHistory
    private(set) var hubs: [Hub] = []
    private let joins = LoopQueue<(hub: Hub, socket: RememberingSocket)>()
    private var operations: UInt64 = 0
    private var users: [UserID] = []

    private init(loop: EventLoop, hubCount: Int) {
        self.loop = loop
        directory = SlowDirectory(stores.directory)
        history = SlowHistory(stores.history)
        let reader = HistoryReader(history: history, bodies: stores.bodies)
        var settings = GatewaySettings(now: { Timestamp(milliseconds: 0) })
        settings.holeDelay = .milliseconds(1)
        for _ in 0..<hubCount {
            let hub = Hub(
                loop: loop,
                directory: directory,
                reader: reader,
                settings: settings,
                metrics: GatewayMetrics(registry: MetricsRegistry()),
                logger: Logger(label: "test", level: .error, sink: .silent)
            )
            hub.open(epoch: "memory")
            hub.publish = { [stores] in stores.broker.announce(ephemeral: $0) }
            hubs.append(hub)
        }
    }

    /// Runs `body` beside running hubs.
    static func run(
        hubs hubCount: Int = 1,
        _ body: @escaping @Sendable (HubFixture) async throws -> Void
    ) async throws {
        try await onLoop { actor in
            let loop = actor.loop
            let fixture = LoopBound(HubFixture(loop: loop, hubCount: hubCount), loop: loop)
            let stop = ShutdownSignal()
            try await withThrowingDiscardingTaskGroup { group in
                for index in 0..<hubCount {
                    group.addTask(executorPreference: loop) {
                        await loop.actor.run { _ in await fixture.value.hubs[index].run(until: stop) }
                    }
                }
                group.addTask(executorPreference: loop) {
                    await loop.actor.run { _ in await fixture.value.performJoins() }
                }
                group.addTask(executorPreference: loop) {
                    try await loop.actor.run { _ in
                        defer {
                            stop.trigger()
                            fixture.value.joins.finish()
                        }
                        try await body(fixture.value)
                    }
                }
            }
        }
    }

    private func performJoins() async {
        let loop = loop
        await withDiscardingTaskGroup { group in
            while let (hub, socket) = await joins.next() {
                let held = LoopBound((hub, socket), loop: loop)
                group.addTask(executorPreference: loop) {
                    await loop.actor.run { _ in
                        let (hub, socket) = held.value
                        do { try await hub.join(socket, user: socket.user, resuming: socket.request) } catch {
                            socket.giveUp()
                        }
                    }
                }
            }
        }
    }

    // MARK: Steps

    func user() async throws -> UserID {
        let name = "user\(users.count)"
        let user = try await stores.accounts.register(
            username: name,
            email: "\(name)@example.org",
            passwordHash: "",
            fullName: nil
        )
        users.append(user.id)
        return user.id
    }

    /// Begins to take a socket in.
    func connect(_ user: UserID, to hub: Int = 0, resuming request: ResumeRequest? = nil) -> RememberingSocket {
        let socket = RememberingSocket(user: user, hub: hubs[hub], directory: directory, resuming: request)
        joins.append((hubs[hub], socket))
        return socket
    }

    /// Commits, and lets both stores hold it; the redo row stays.
    func commit(_ chat: ChatID, _ actor: UserID, _ body: Operation.Body) async throws -> Committed? {
        operations += 1
        let id = OperationID(high: 7, low: operations)
        let operation = OperationCodec.operation(chat: chat, actor: actor, id: id, body: body)
        let batch = BatchID.random()
        let results = try await stores.log.commit(batch, [operation], dropping: [], wait: true)
        guard case .committed(let allocation)? = results.first else { return nil }
        let committed = CommittedOperation(operation: operation, allocation: allocation)
        try await stores.bodies.apply(PostImages.documents(of: committed))
        return Committed(batch: batch, announcement: PostImages.announcement(of: committed))
    }

    func createChat(_ founder: UserID, with others: [UserID]) async throws -> Committed {
        let chat = try await stores.log.nextChatID()
        let draft = ChatDraft(type: .group, name: "group", participants: others)
        guard let made = try await commit(chat, founder, .createChat(draft)) else {
            throw Failure(.internal, "the chat was not made")
        }
        return made
    }

    func say(_ chat: ChatID, _ actor: UserID) async throws -> Committed {
        guard let said = try await commit(chat, actor, .createMessage(MessageDraft(content: "hello"))) else {
            throw Failure.chatNotFound
        }
        return said
    }

    /// Drops the redo and announces to every hub.
    func announce(_ committed: Committed...) async throws {
        try await finish(committed)
        for hub in hubs { hub.receive(committed.map(\.announcement)) }
    }

    /// Drops the redo, as if every announcement had been lost.
    func finish(_ committed: [Committed]) async throws { try await stores.log.drop(committed.map(\.batch)) }

    /// Brings ephemeral events to every hub, at once.
    func carryEphemeral() {
        for hub in hubs { stores.broker.add(hub) }
    }

    /// Lets every hub forget the events it keeps for those who connect.
    func forgetRecent() {
        for hub in hubs { hub.forgetOld(now: loop.now + .seconds(1_000)) }
    }

    /// Waits until something is so; false when it takes too long.
    func becomes(_ condition: () -> Bool) async -> Bool {
        let end = ContinuousClock.now + .seconds(10)
        while !condition() {
            guard ContinuousClock.now < end else { return false }
            await loop.sleep(for: .milliseconds(1))
        }
        return true
    }
}

/// An event both stores hold, with the redo row that covers it.
struct Committed {
    let batch: BatchID
    let announcement: Announcement
    var chat: ChatID { announcement.chat }
}

/// A socket that remembers what it was sent.
///
/// Loop-bound.
final class RememberingSocket: EventReceiver {
    let user: UserID
    private let hub: Hub
    private let directory: SlowDirectory
    private(set) var isOpen = true
    /// Heads of `ready`, once it came.
    private(set) var heads: [ChatID: Int64]?
    /// The events that took the user into those chats, which `ready` does not tell.
    private(set) var joined: [ChatID: Int64] = [:]
    /// Offsets of the events, by chat, in the order they came.
    private(set) var events: [ChatID: [Int64]] = [:]
    /// What it wants to resume from.
    let request: ResumeRequest?
    /// What `resumed` said, once it came.
    private(set) var resumed: [ChatID: Resumed]?
    /// Asked whether it has much to take.
    var backlog: () -> Bool = { false }
    /// The offset after which each chat's events begin, as far as it was told.
    var starts: [ChatID: Int64]? {
        guard let request, let heads else { return heads }
        guard let resumed else { return heads.merging(request.cursors.mapValues(\.rawValue)) { $1 } }
        return resumed.compactMapValues(\.start)
    }
    /// How many events it takes before it counts as too slow.
    var capacity = Int.max
    var subscription = Subscription()

    init(user: UserID, hub: Hub, directory: SlowDirectory, resuming request: ResumeRequest? = nil) {
        self.request = request
        self.user = user
        self.hub = hub
        self.directory = directory
    }

    /// Ephemeral frames, in the order they came.
    private(set) var ephemeral: [JSONObject] = []
    /// The types of all frames but `ready`, `resumed` and heartbeats, in the order they came.
    private(set) var types: [String] = []

    func deliverEphemeral(_ frame: SharedFrame) {
        guard isOpen, let object = Self.object(frame.plain) else { return }
        ephemeral.append(object)
        if case .string(let type)? = object["type"] { types.append(type) }
    }

    func deliver(_ frame: SharedFrame) {
        guard isOpen else { return }
        guard let object = Self.object(frame.plain), case .string(let type)? = object["type"] else { return }
        if type == "ready" {
            for head in directory.toldHeads { joined[head.chat] = head.joinedOffset.rawValue }
            return heads = Self.heads(object)
        }
        if type == "resumed" { return resumed = Self.resumed(object) }
        guard case .integer(let chat)? = object["chat_id"], case .integer(let offset)? = object["offset"] else {
            return
        }
        types.append(type)
        capacity -= 1
        guard capacity >= 0 else { return close() }
        events[ChatID(rawValue: chat), default: []].append(offset)
    }

    var isBacklogged: Bool { backlog() }

    func waitUntilDrained() async {}

    func close(_ code: WebSocketCloseCode, reason: String) { close() }

    func giveUp() { close() }

    func checkDeadlines(now: ContinuousClock.Instant, time: Timestamp) {}

    func close() {
        guard isOpen else { return }
        isOpen = false
        hub.leave(self, user: user)
    }

    private static func object(_ frame: Frame) -> JSONObject? {
        let header = frame.bytes[1] < 126 ? 2 : frame.bytes[1] == 126 ? 4 : 10
        guard case .object(let object)? = try? JSONValue(parsing: Array(frame.bytes.dropFirst(header))) else {
            return nil
        }
        return object
    }

    /// What it would resume from: the last it has seen of each chat.
    var cursors: [ChatID: Offset] {
        (starts ?? [:]).merging(events.compactMapValues(\.last)) { $1 }.mapValues(Offset.init(rawValue:))
    }

    private static func resumed(_ object: JSONObject) -> [ChatID: Resumed] {
        guard case .array(let chats)? = object["chats"] else { return [:] }
        var answers: [ChatID: Resumed] = [:]
        for case .object(let chat) in chats {
            guard case .integer(let id)? = chat["chat_id"] else { continue }
            if case .integer(let from)? = chat["from"], case .integer(let to)? = chat["to"] {
                answers[ChatID(rawValue: id)] = .events(from: from, to: to)
            } else if case .integer(let head)? = chat["last_offset"], chat["reset"] == .bool(true) {
                answers[ChatID(rawValue: id)] = .reset(head)
            } else if chat["gone"] == .bool(true) {
                answers[ChatID(rawValue: id)] = .gone
            }
        }
        return answers
    }

    private static func heads(_ object: JSONObject) -> [ChatID: Int64] {
        guard case .array(let chats)? = object["chats"] else { return [:] }
        var heads: [ChatID: Int64] = [:]
        for case .object(let chat) in chats {
            guard case .integer(let id)? = chat["chat_id"], case .integer(let offset)? = chat["last_offset"] else {
                continue
            }
            heads[ChatID(rawValue: id)] = offset
        }
        return heads
    }
}

/// An entry of `resumed`.
enum Resumed: Equatable {
    case events(from: Int64, to: Int64)
    case reset(Int64)
    case gone

    /// The offset after which the chat's events begin.
    var start: Int64? {
        switch self {
        case .events(let from, _): from - 1
        case .reset(let head): head
        case .gone: nil
        }
    }
}
