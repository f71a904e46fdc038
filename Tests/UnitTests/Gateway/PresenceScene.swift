import Domain
import IOCore
import JSON
import Messaging
import Support
import Testing

@testable import Gateway

/// A store that answers as it is told, and remembers what was reported.
final class ScriptedPresenceStore: PresenceStore {
    var reports: [PresenceReport] = []
    var answers: [PresenceState] = []
    var known: [UserID: PresenceStatus] = [:]
    var outage: StoreError?
    /// Users of whom it takes no report.
    var away: Set<UserID> = []
    /// What is news to whoever asks next for changes.
    var unheard: [PresenceState] = []
    /// Changes that were made.
    var changeCount: Int64 = 0
    /// Waited for before `told` answers.
    var beforeTelling: () async -> Void = {}

    func report(_ reports: [PresenceReport]) async -> PresenceAnswer {
        if let outage { return PresenceAnswer(unanswered: Set(reports.map(\.user)), failure: outage) }
        self.reports += reports
        let unanswered = away.intersection(reports.map(\.user))
        let failure = unanswered.isEmpty ? nil : StoreError(.redis, .retryable, "a part is away")
        defer { answers = [] }
        return PresenceAnswer(states: answers, unanswered: unanswered, failure: failure)
    }

    private(set) var settlings = 0

    func settle() async -> PresenceAnswer {
        settlings += 1
        return PresenceAnswer(failure: outage)
    }

    func changes() async -> PresenceAnswer {
        defer { unheard = [] }
        return PresenceAnswer(states: unheard, failure: outage)
    }

    /// Of whom it was asked.
    private(set) var asked: [[UserID]] = []

    func told(of users: [UserID]) async throws -> [UserID: PresenceStatus] {
        asked.append(users)
        if let outage { throw outage }
        let told = known.filter { users.contains($0.key) }
        await beforeTelling()
        return told
    }
}

/// Everybody in a chat may see everybody in it.
final class ChatScope: PresenceScope {
    var members: [ChatID: [UserID]]
    private(set) var calls = 0

    init(_ members: [ChatID: [UserID]]) { self.members = members }

    func chats(of users: [UserID]) async throws -> [UserID: [ChatID]] {
        calls += 1
        var chats: [UserID: [ChatID]] = [:]
        for user in users { chats[user] = members.filter { $0.value.contains(user) }.map(\.key) }
        return chats
    }

    func members(of chats: [ChatID]) async throws -> [ChatID: [UserID]] {
        members.filter { chats.contains($0.key) }
    }

    var kept: [UserID: PresenceReserve] = [:]

    func reserves(of users: [UserID]) async throws -> [UserID: PresenceReserve] {
        kept.filter { users.contains($0.key) }
    }
}

/// A hub with a board at work, and two people in a chat.
struct PresenceScene {
    let fixture: HubFixture
    let store = ScriptedPresenceStore()
    let scope: ChatScope
    let board: PresenceBoard
    let ada: UserID
    let ben: UserID
    let chat: ChatID

    init(_ fixture: HubFixture, settles: Bool) async throws {
        self.fixture = fixture
        ada = try await fixture.user()
        ben = try await fixture.user()
        let made = try await fixture.createChat(ada, with: [ben])
        try await fixture.announce(made)
        chat = made.chat
        scope = ChatScope([chat: [ada, ben]])
        board = PresenceBoard(
            loop: fixture.loop,
            store: store,
            scope: scope,
            accounts: fixture.stores.accounts,
            settles: settles,
            settings: GatewaySettings(now: { Timestamp(milliseconds: 0) }),
            metrics: GatewayMetrics(registry: MetricsRegistry()),
            logger: Logger(label: "test", level: .error, sink: .silent)
        )
        fixture.hubs[0].presence = board
        board.publish = fixture.hubs[0].publish
        board.deliver = { [broker = fixture.stores.broker] in broker.deliver(ephemeral: $0) }
    }

    func live(_ user: UserID) async -> RememberingSocket {
        let socket = fixture.connect(user)
        #expect(await fixture.becomes { socket.subscription.isLive })
        return socket
    }

    /// Waits until the board has gone round twice.
    func settle() async {
        let count = store.settlings
        #expect(await fixture.becomes { store.settlings >= count + 2 })
    }

    /// A change of the first one; each is a later one unless a second is given.
    func news(_ before: PresenceStatus, _ status: PresenceStatus, at second: Int64? = nil) -> PresenceState {
        let time = Timestamp(milliseconds: 1_767_225_600_000 + (second ?? 0) * 1_000)
        store.changeCount += 1
        let toldAt = second == nil ? Timestamp(milliseconds: time.milliseconds + store.changeCount) : time
        return PresenceState(
            user: ada,
            before: before,
            status: status,
            isNews: true,
            lastSeen: time,
            toldAt: toldAt
        )
    }

    /// Runs `body` beside the board, which looks for changes and what has ended, or leaves that to another loop.
    static func run(
        settles: Bool = true,
        _ body: @escaping @Sendable (PresenceScene) async throws -> Void
    ) async throws {
        try await HubFixture.run { fixture in
            fixture.carryEphemeral()
            let scene = try await PresenceScene(fixture, settles: settles)
            let stop = ShutdownSignal()
            let board = LoopBound(scene.board, loop: fixture.loop)
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask(executorPreference: board.loop) {
                    await board.loop.actor.run { _ in await board.value.run(until: stop) }
                }
                defer { stop.trigger() }
                try await body(scene)
            }
        }
    }

    /// The statuses that a socket was told, in order.
    static func told(_ socket: RememberingSocket) -> [String] {
        socket.ephemeral.compactMap { if case .string(let status)? = $0["status"] { status } else { nil } }
    }
}
