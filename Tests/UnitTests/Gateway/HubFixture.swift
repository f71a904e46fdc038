import Domain
import IOCore
import Messaging
import Support

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

    private init(loop: EventLoop, hubCount: Int, _ configure: (inout GatewaySettings) -> Void) {
        self.loop = loop
        directory = SlowDirectory(stores.directory)
        history = SlowHistory(stores.history)
        let reader = HistoryReader(history: history, bodies: stores.bodies)
        var settings = GatewaySettings(now: { Timestamp(milliseconds: 0) })
        settings.holeDelay = .milliseconds(1)
        configure(&settings)
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
        settings configure: @escaping @Sendable (inout GatewaySettings) -> Void = { _ in },
        _ body: @escaping @Sendable (HubFixture) async throws -> Void
    ) async throws {
        try await onLoop { actor in
            let loop = actor.loop
            let fixture = LoopBound(HubFixture(loop: loop, hubCount: hubCount, configure), loop: loop)
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
    func connect(
        _ user: UserID,
        to hub: Int = 0,
        only chat: ChatID? = nil,
        resuming request: ResumeRequest? = nil
    ) -> RememberingSocket {
        let socket = RememberingSocket(user: user, hub: hubs[hub], directory: directory, resuming: request)
        socket.subscription.only = chat
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
        let end = ContinuousClock.now + .seconds(60)
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
