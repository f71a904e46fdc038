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
package final class PresenceBoard {
    private let loop: EventLoop
    private let store: any PresenceStore
    private let scope: any PresenceScope
    private let accounts: any AccountStore
    /// Whether this loop looks for what has ended, for all loops of the node.
    private let settles: Bool
    private let metrics: GatewayMetrics
    private let logger: Logger
    /// Given the events, for all loops and nodes.
    package var publish: ((EphemeralEvent) -> Void)?

    private var states: PresenceStates
    /// Changes that could not be told yet, the latest of each user.
    private var untold: [UserID: PresenceState] = [:]
    /// When users were seen, to be written.
    private var seen: [UserID: Timestamp] = [:]
    private var newcomers: [Newcomer] = []
    /// Users of whom sockets were told something while the state of all was looked up.
    private var overtaken: Set<UserID> = []
    private var isOut = false

    private static let interval = Duration.milliseconds(250)
    private static let settleInterval = Duration.seconds(1)
    private static let manySettled = 50
    private static let usersAtOnce = 500
    private static let untoldLimit = 10_000
    /// Sockets that are told of all others in one look.
    private static let newcomersAtOnce = 256
    /// Chats of one newcomer that are looked at, and people in those of all together, more or less.
    private static let chatsLookedAt = 100
    private static let peopleLookedAt = 20_000
    private static let chatsAtOnce = 50
    /// People a newcomer is told of at most.
    private static let peopleTold = 200

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
        newcomers.append(Newcomer(session, user: user))
    }

    /// A live socket was taken into a chat: it is to be told who is there, and those who were there before, of its user.
    func entered(_ chat: ChatID, _ session: any EventReceiver, user: UserID, at offset: Offset) {
        newcomers.append(Newcomer(session, user: user, in: chat, since: offset))
    }

    /// A live socket says how present its user is.
    func set(_ session: any EventReceiver, _ user: UserID) {
        states.set(ObjectIdentifier(session), of: user, to: session.subscription.presence, now: loop.now)
    }

    /// A socket is gone.
    func left(_ session: any EventReceiver, user: UserID) { states.close(ObjectIdentifier(session), of: user) }

    /// Sockets of this loop are told of a user.
    func passes(_ user: UserID) { overtaken.insert(user) }

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
            await tell()
            await note()
            while await greet() == 0, !newcomers.isEmpty {}
        }
        _ = try? await store.report(states.leaveAll())
    }

    /// Says what is to be said to Redis, and takes what has changed; how many had to be looked at.
    private func exchange(settling: Bool) async -> Int {
        let reports = states.takeReports(now: loop.now)
        do {
            for state in try await store.report(reports) { take(state) }
            let settled = settling ? try await store.settle() : []
            if settling || !reports.isEmpty { isOut = false }
            for state in settled { take(state) }
            return settled.count
        } catch {
            states.failed(reports, now: loop.now)
            if !isOut { logger.warning("presence is unknown", ["error": .string("\(error)")]) }
            isOut = true
            return 0
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
        var state = state
        if let earlier = untold[state.user] { state.before = earlier.before }
        untold[state.user] = state
    }

    /// Tells changes to those who may see them.
    private func tell() async {
        while let users = page(of: untold.keys) {
            let chats: [UserID: [ChatID]]
            let reserves: [UserID: PresenceReserve]
            do {
                chats = try await scope.chats(of: users)
                reserves = try await scope.reserves(of: users)
            } catch {
                return logger.debug("presence not told", ["error": .string("\(error)")])
            }
            for user in users {
                guard let state = untold.removeValue(forKey: user) else { continue }
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

    // MARK: Newcomers

    /// Tells newcomers who is there, as many as came meanwhile in one look; how many people that were.
    ///
    /// Chats that are too large to tell of presence have none, so that thousands taken into one hold nobody up.
    private func greet() async -> Int {
        guard !newcomers.isEmpty else { return 0 }
        let batch = Array(newcomers.prefix(Self.newcomersAtOnce))
        newcomers.removeFirst(batch.count)
        do {
            let members = try await members(around: batch)
            let reserves = try await scope.reserves(of: batch.map(\.user))
            overtaken = []
            let told = try await store.told(of: Array(Set(members.values.joined())))
            let present = members.mapValues { users in
                users.filter { told[$0] != nil && !overtaken.contains($0) }
            }
            var frames: [UserID: SharedFrame] = [:]
            for newcomer in batch { greet(newcomer, present, told, reserves, &frames) }
            try await introduce(batch.filter(\.isIntroduced), told, reserves)
            return members.values.reduce(0) { $0 + $1.count }
        } catch {
            logger.debug("newcomers not told who is there", ["error": .string("\(error)")])
            return 1
        }
    }

    /// Whom newcomers may see, by their chats, as far as they are looked at.
    private func members(around batch: [Newcomer]) async throws -> [ChatID: [UserID]] {
        var chats: Set<ChatID> = []
        for newcomer in batch {
            chats.formUnion(newcomer.chats.prefix(Self.chatsLookedAt))
        }
        let all = Array(chats)
        var members: [ChatID: [UserID]] = [:]
        var count = 0
        for start in stride(from: 0, to: all.count, by: Self.chatsAtOnce) where count < Self.peopleLookedAt {
            let page = try await scope.members(of: Array(all[start..<min(start + Self.chatsAtOnce, all.count)]))
            count += page.values.reduce(0) { $0 + $1.count }
            members.merge(page) { $1 }
        }
        return members
    }

    /// By the chats that it follows now: it may have left some meanwhile.
    private func greet(
        _ newcomer: Newcomer,
        _ present: [ChatID: [UserID]],
        _ told: [UserID: PresenceStatus],
        _ reserves: [UserID: PresenceReserve],
        _ frames: inout [UserID: SharedFrame]
    ) {
        guard let session = newcomer.session, session.isOpen else { return }
        var known: Set<UserID> = [newcomer.user]
        let hidden = reserves[newcomer.user]?.hidden ?? []
        for chat in newcomer.chats {
            for user in present[chat] ?? [] where !hidden.contains(user) && known.insert(user).inserted {
                guard known.count <= Self.peopleTold + 1, let status = told[user] else { return }
                let frame =
                    frames[user] ?? SharedFrame.text(EphemeralEncoder.presence(of: user, status, lastSeen: nil))
                frames[user] = frame
                session.deliverEphemeral(frame)
            }
        }
    }

    /// Tells those who were in a chat before of somebody present who was taken into it.
    private func introduce(
        _ newcomers: [Newcomer],
        _ told: [UserID: PresenceStatus],
        _ reserves: [UserID: PresenceReserve]
    ) async throws {
        let users = Set(newcomers.map(\.user)).filter { told[$0] != nil }
        guard !users.isEmpty else { return }
        let chats = try await scope.chats(of: Array(users))
        for user in users {
            // A change of theirs that was told meanwhile went to their new chats too.
            guard let status = told[user], !overtaken.contains(user) else { continue }
            let entered = Set(newcomers.filter { $0.user == user }.compactMap(\.chat))
            let seeing = (chats[user] ?? []).filter(entered.contains)
            guard !seeing.isEmpty else { continue }
            let payload = EphemeralEncoder.presence(of: user, status, lastSeen: nil)
            let event = EphemeralEvent(
                to: .chats(seeing, of: user),
                excluding: user,
                hiddenFrom: reserves[user]?.hidden.sorted() ?? [],
                payload: payload
            )
            publish?(event)
        }
    }
}
