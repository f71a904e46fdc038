internal import Domain
internal import IOCore
internal import Messaging
internal import Web

/// Sockets that have become live, or were taken into a chat, are told who is there.
extension PresenceBoard {
    /// Sockets that are told of all others in one look.
    private static let newcomersAtOnce = 256
    /// Chats of one newcomer that are looked at, and people in those of all together, more or less.
    private static let chatsLookedAt = 100
    private static let peopleLookedAt = 20_000
    private static let chatsAtOnce = 50
    /// People a newcomer is told of at most.
    private static let peopleTold = 200
    /// Between attempts to greet while a store is away.
    private static let greetingPause = Duration.seconds(1)
    /// More of them wait for a store that is away no longer: they see who changes.
    private static let newcomersLimit = 50_000

    /// A socket waits to be told who is there.
    func welcome(_ newcomer: Newcomer) {
        if newcomers.count < Self.newcomersLimit { newcomers.append(newcomer) }
    }

    /// Tells newcomers, until there are none or those were told who have many to be told of.
    func greetAll() async {
        if let time = greetAgainAt, loop.now < time { return }
        greetAgainAt = nil
        newcomers.removeAll { $0.session?.isOpen != true }
        while !newcomers.isEmpty, await greet() == 0 {}
    }

    /// Tells newcomers who is there, as many as came meanwhile in one look; how many people that were.
    ///
    /// Chats that are too large to tell of presence have none, so that thousands taken into one hold nobody up.
    private func greet() async -> Int {
        let batch = Array(newcomers.prefix(Self.newcomersAtOnce))
        newcomers.removeFirst(batch.count)
        do {
            let members = try await members(around: batch)
            overtaken = []
            let reserves = try await scope.reserves(of: batch.map(\.user))
            let told = try await store.told(of: Array(Set(members.values.joined())))
            let present = members.mapValues { users in
                users.filter { told[$0] != nil && !overtaken.contains($0) }
            }
            var frames: [UserID: SharedFrame] = [:]
            for newcomer in batch { greet(newcomer, present, told, reserves, &frames) }
            try await introduce(batch.filter(\.isIntroduced), told, reserves)
            return members.values.reduce(0) { $0 + $1.count }
        } catch {
            logger.debug("newcomers not told who is there yet", ["error": .string("\(error)")])
            for newcomer in batch { welcome(newcomer) }
            greetAgainAt = loop.now + Self.greetingPause
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
