package import Domain
package import IOCore
internal import JSON
internal import Messaging
internal import Web

/// Brings what the sockets of a loop say of their users together with what others say, and tells those who may see it.
///
/// Loop-bound.
///
/// All that happens within a moment is reported, looked up and told together, so the stores are asked by time and not by
/// event. While Redis is away presence is unknown; nothing waits for it.
///
/// Telling proves nothing: whoever was to tell a change may have died, or Redis have lost it. So each node reads, some
/// seconds later, which changes there were, and tells its own sockets of those it has not heard of.
package final class PresenceBoard {
    let loop: EventLoop
    let store: any PresenceStore
    let scope: any PresenceScope
    private let accounts: any AccountStore
    /// Whether this loop looks for what has ended, for all loops of the node.
    private let settles: Bool
    private let metrics: GatewayMetrics
    let logger: Logger
    /// Given the events, for all loops and nodes.
    package var publish: ((EphemeralEvent) -> Void)?
    /// Given events that other nodes have had, for all loops of this one.
    package var deliver: ((EphemeralEvent) -> Void)?

    private var states: PresenceStates
    /// Changes that could not be told yet, the latest of each user.
    private var untold: [UserID: PresenceState] = [:]
    /// Changes that this loop, which looks for them, did not hear of, all of each user in one.
    private var missed: [UserID: PresenceState] = [:]
    private var heard = HeardChanges()
    /// When users were seen, to be written.
    private var seen: [UserID: Timestamp] = [:]
    /// Those between whom a block has begun or ended and who were not told yet.
    var blockNews: [Set<UserID>: BlockNews] = [:]
    var newcomers: [Newcomer] = []
    /// When newcomers can be told again who is there, after the stores were away.
    var greetAgainAt: ContinuousClock.Instant?
    /// Users of whom sockets were told something while the state of all was looked up.
    var overtaken: Set<UserID> = []
    private var isOut = false

    private static let interval = Duration.milliseconds(250)
    private static let settleInterval = Duration.seconds(1)
    private static let manySettled = 50
    private static let usersAtOnce = 500
    private static let untoldLimit = 10_000

    /// Makes the board of a loop over stores of the same loop.
    package init(
        loop: EventLoop,
        store: any PresenceStore,
        scope: any PresenceScope,
        accounts: any AccountStore,
        settles: Bool,
        settings: GatewaySettings,
        metrics: GatewayMetrics,
        logger: Logger
    ) {
        self.loop = loop
        self.store = store
        self.scope = scope
        self.accounts = accounts
        self.settles = settles
        self.metrics = metrics
        self.logger = logger
        states = PresenceStates(lifetime: settings.presenceLifetime, grace: settings.presenceGrace)
    }

    // MARK: Sockets

    /// A socket has become live: its user is present, and it is to be told who else is.
    func joined(_ session: any EventReceiver, user: UserID) {
        set(session, user)
        welcome(Newcomer(session, user: user))
    }

    /// A live socket was taken into a chat: it is to be told who is there, and those who were there before, of its user.
    func entered(_ chat: ChatID, _ session: any EventReceiver, user: UserID, at offset: Offset) {
        welcome(Newcomer(session, user: user, in: chat, since: offset))
    }

    /// A live socket says how present its user is.
    func set(_ session: any EventReceiver, _ user: UserID) {
        states.set(ObjectIdentifier(session), of: user, to: session.subscription.presence, now: loop.now)
    }

    /// A socket is gone.
    func left(_ session: any EventReceiver, user: UserID) { states.close(ObjectIdentifier(session), of: user) }

    /// Sockets of this loop are told of a user.
    func passes(_ user: UserID) { overtaken.insert(user) }

    /// Sockets of this loop are to be told of a change; false for one that a later one has overtaken, which would tell the past.
    func heard(_ mark: PresenceMark) -> Bool { heard.insert(mark, now: loop.now) }

    // MARK: Running

    /// Reports and tells until `shutdown` is given; then the users of this loop have the grace to come back elsewhere.
    package func run(until shutdown: ShutdownSignal) async {
        var nextSettling = loop.now
        while !shutdown.isTriggered {
            await loop.sleep(for: Self.interval)
            let isDue = settles && loop.now >= nextSettling
            let count = await exchange(settling: isDue)
            // Where many have to be looked at, as after a node has died, the others follow at once.
            if isDue, count < Self.manySettled { nextSettling = loop.now + Self.settleInterval }
            if isDue { await recall() }
            await tell(\.untold, publish)
            await tell(\.missed, deliver)
            await tellBlocks()
            await note()
            await greetAll()
        }
        await tellBlocks()
        _ = await store.report(states.leaveAll())
    }

    /// Says what is to be said to Redis, and takes what has changed; how many had to be looked at.
    ///
    /// What one part of it answers holds while another is away: a change is news only once.
    private func exchange(settling: Bool) async -> Int {
        let reports = states.takeReports(now: loop.now)
        let answer = await store.report(reports)
        states.failed(reports.filter { answer.unanswered.contains($0.user) }, now: loop.now)
        for state in answer.states { take(state) }
        let settled = settling ? await store.settle() : PresenceAnswer()
        for state in settled.states { take(state) }
        let failure = answer.failure ?? settled.failure
        if let failure, !isOut { logger.warning("presence is unknown", ["error": .string(failure.description)]) }
        if failure != nil || settling || !reports.isEmpty { isOut = failure != nil }
        return settled.states.count
    }

    /// Takes the changes that this node should have heard of and has not.
    private func recall() async {
        for state in await store.changes().states where heard.misses(state) {
            metrics.recalled.increment()
            guard missed.count < Self.untoldLimit || missed[state.user] != nil else { continue }
            missed[state.user] = missed[state.user].map(state.following) ?? state
        }
    }

    private func take(_ state: PresenceState) {
        let hasLeft = state.isNews && state.status == .offline && state.before != .invisible
        if hasLeft || states.takeNote(of: state, now: loop.now), seen.count < Self.untoldLimit {
            seen[state.user] = state.lastSeen
        }
        guard state.isNews else { return }
        metrics.presence.increment()
        guard untold.count < Self.untoldLimit || untold[state.user] != nil else { return }
        untold[state.user] = untold[state.user].map(state.following) ?? state
    }

    /// Tells changes to those who may see them.
    private func tell(
        _ waiting: ReferenceWritableKeyPath<PresenceBoard, [UserID: PresenceState]>,
        _ publish: ((EphemeralEvent) -> Void)?
    ) async {
        while let users = page(of: self[keyPath: waiting].keys) {
            let chats: [UserID: [ChatID]]
            let reserves: [UserID: PresenceReserve]
            do {
                chats = try await scope.chats(of: users)
                reserves = try await scope.reserves(of: users)
            } catch {
                return logger.debug("presence not told", ["error": .string("\(error)")])
            }
            for user in users {
                // What a later change has overtaken on its way would tell the past.
                guard let state = self[keyPath: waiting].removeValue(forKey: user), heard.misses(state) else {
                    continue
                }
                let events = EphemeralEncoder.presence(
                    state,
                    to: chats[user] ?? [],
                    reserves[user] ?? PresenceReserve()
                )
                for event in events { publish?(event) }
            }
        }
    }

    private func note() async {
        while let users = page(of: seen.keys) {
            do {
                try await accounts.noteSeen(users.compactMap { user in seen[user].map { (user: user, at: $0) } })
            } catch {
                return logger.debug("last seen not written", ["error": .string("\(error)")])
            }
            for user in users { seen[user] = nil }
        }
    }

    private func page(of users: some Collection<UserID>) -> [UserID]? {
        users.isEmpty ? nil : Array(users.prefix(Self.usersAtOnce))
    }
}
