internal import Domain
internal import Testing

extension StoreScenario {
    /// Passwords, and the sessions that hang on them.
    static let sessionScenarios: [StoreScenario] = [
        StoreScenario("a user's open sessions are listed, the latest first, page by page") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            var opened: [Session] = []
            for number in 0..<5 { opened.append(try await ports.open(ada, device: "device \(number)")) }
            let foreign = try await ports.open(bob)
            _ = try await ports.accounts.revoke(opened[2].id, of: ada.id)
            let first = try await ports.accounts.sessions(of: ada.id, limit: 2, cursor: nil)
            let second = try await ports.accounts.sessions(of: ada.id, limit: 2, cursor: first.next)
            #expect(first.items.map(\.session) == [opened[4], opened[3]])
            #expect(second.items.map(\.session) == [opened[1], opened[0]] && second.next == nil)
            #expect(first.items.allSatisfy { $0.createdAt == $0.lastUsedAt })
            let beyond = try await ports.accounts.sessions(of: ada.id, limit: 9, cursor: foreign.id.description)
            #expect(beyond.items.isEmpty)
            let wrong = await failure {
                _ = try await ports.accounts.sessions(of: ada.id, limit: 9, cursor: "x")
            }
            #expect(wrong == .invalidValue)
        },
        StoreScenario("another password ends the other sessions, and only once for the old one") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let (kept, one, two) = (try await ports.open(ada), try await ports.open(ada), try await ports.open(ada))
            let foreign = try await ports.open(bob)
            let late = try await ports.accounts.changePassword(of: ada.id, from: "x", to: "y", keeping: kept.id)
            #expect(late == nil)
            let ended = try await ports.accounts.changePassword(
                of: ada.id,
                from: "$argon2id$none",
                to: "y",
                keeping: kept.id
            )
            #expect(Set(ended ?? []) == [one.id, two.id])
            let active = [
                try await ports.accounts.isActive(kept.id), try await ports.accounts.isActive(one.id),
                try await ports.accounts.isActive(foreign.id),
            ]
            #expect(active == [true, false, true])
            let again = try await ports.accounts.changePassword(of: ada.id, from: "y", to: "z", keeping: kept.id)
            #expect(again == [])
        },
        StoreScenario("no session is opened by a password that is another by now, or for the disabled") { ports in
            let ada = try await ports.someone()
            func open(_ hash: String?) async throws -> Bool {
                let session = ports.session(of: ada)
                let token = UniversalID.random().bytes + UniversalID.random().bytes
                let isOpen = try await ports.accounts.open(session, refreshHash: token, passwordHash: hash)
                let isActive = try await ports.accounts.isActive(session.id)
                #expect(isOpen == isActive)
                return isOpen
            }
            let (right, wrong, none) = (try await open("$argon2id$none"), try await open("other"), try await open(nil))
            #expect(right && !wrong && none)
            let ended = try await ports.administration.disable(ada.id)
            let after = try await open("$argon2id$none")
            #expect(ended == 2 && !after)
        },
        StoreScenario("revocations are told for a while, whoever made them") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let open = try await ports.open(ada)
            let (one, two, three) = (try await ports.open(ada), try await ports.open(ada), try await ports.open(bob))
            _ = try await ports.accounts.revoke(one.id, of: ada.id)
            _ = try await ports.accounts.changePassword(of: ada.id, from: "$argon2id$none", to: "y", keeping: open.id)
            _ = try await ports.administration.disable(bob.id)
            let revoked = Set(try await ports.accounts.revoked(within: .seconds(600)))
            #expect(revoked.isSuperset(of: [one.id, two.id, three.id]) && !revoked.contains(open.id))
        },
        StoreScenario("the use of a session is noted, and only moves forward") { ports in
            let session = try await ports.open(try await ports.someone())
            func lastUsed() async throws -> Int64? {
                let page = try await ports.accounts.sessions(of: session.user, limit: 1, cursor: nil)
                return page.items.first?.lastUsedAt.milliseconds
            }
            let later = Timestamp(milliseconds: ports.now().milliseconds + 60_000)
            let earlier = Timestamp(milliseconds: later.milliseconds - 1)
            try await ports.accounts.noteUses([(session: session.id, at: later), (session: .random(), at: later)])
            let first = try await lastUsed()
            try await ports.accounts.noteUses([(session: session.id, at: earlier)])
            let second = try await lastUsed()
            #expect(first == later.milliseconds && second == later.milliseconds)
        },
        StoreScenario("a user has a hundred sessions, and another ends the least recently used") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let foreign = try await ports.open(bob)
            let (tokens, used) = (try await ports.openMany(ada, Session.limit), ports.now().milliseconds + 30_000)
            let opened = tokens.map(\.session)
            // The first is used later than all others, and so the second is next.
            try await ports.accounts.noteUses([(session: opened[0].id, at: Timestamp(milliseconds: used))])
            let full = try await ports.accounts.sessions(of: ada.id, limit: 200, cursor: nil).items.count
            let more = try await ports.openMany(ada, 2).map(\.session)
            let left = try await ports.accounts.sessions(of: ada.id, limit: 200, cursor: nil).items.map(\.session.id)
            #expect(full == Session.limit && left.count == Session.limit)
            #expect(Set(left) == Set(([opened[0]] + opened.dropFirst(3) + more).map(\.id)))
            let isActive = [
                try await ports.accounts.isActive(opened[1].id), try await ports.accounts.isActive(opened[0].id),
                try await ports.accounts.isActive(foreign.id),
            ]
            #expect(isActive == [false, true, true])
            let told = Set(try await ports.accounts.revoked(within: .seconds(600)))
            #expect(told.isSuperset(of: [opened[1].id, opened[2].id]) && !told.contains(opened[3].id))
            let renewed = try await ports.accounts.rotate(
                refreshHash: tokens[1].refreshHash,
                to: UniversalID.random().bytes + UniversalID.random().bytes,
                expiresAt: opened[1].expiresAt
            )
            #expect(renewed == .invalid)
            let ended = try await ports.administration.disable(ada.id)
            #expect(ended == Session.limit)
        },
        StoreScenario("sessions that ended long enough ago are forgotten, so many at a time") { ports in
            let ada = try await ports.someone()
            let kept = try await ports.open(ada)
            let session = ports.session(of: ada)
            let tokens = (0..<3).map { _ in UniversalID.random().bytes + UniversalID.random().bytes }
            try await ports.accounts.open(session, refreshHash: tokens[0])
            _ = try await ports.accounts.rotate(refreshHash: tokens[0], to: tokens[1], expiresAt: session.expiresAt)
            for id in [session.id, try await ports.open(ada).id, try await ports.open(ada).id] {
                _ = try await ports.accounts.revoke(id, of: ada.id)
            }
            let early = try await ports.accounts.forgetSessions(endedFor: .seconds(3_600), limit: 9)
            let known = try await ports.accounts.rotate(
                refreshHash: tokens[0],
                to: tokens[2],
                expiresAt: session.expiresAt
            )
            #expect(early == 0 && known == .reused(session.id))
            try await ports.pass(50)
            var counts: [Int] = []
            for _ in 0..<3 {
                counts.append(try await ports.accounts.forgetSessions(endedFor: .milliseconds(20), limit: 2))
            }
            let unknown = try await ports.accounts.rotate(
                refreshHash: tokens[0],
                to: tokens[2],
                expiresAt: session.expiresAt
            )
            let isActive = try await ports.accounts.isActive(kept.id)
            #expect(counts == [2, 1, 0] && unknown == .invalid && isActive)
        },
        StoreScenario("operators give roles and passwords, and disable") { ports in
            let (ada, nobody) = (try await ports.someone(), UserID(rawValue: 1 << 52))
            let session = try await ports.open(ada)
            let isGiven = try await ports.administration.setRole(of: ada.id, to: .moderator)
            let seen = try await ports.accounts.user(ada.id)
            #expect(isGiven && ada.role == .user && seen?.role == .moderator)
            let ended = try await ports.administration.resetPassword(of: ada.id, to: "new")
            let isActive = try await ports.accounts.isActive(session.id)
            let hash = try await ports.accounts.credentials(username: ada.username)?.passwordHash
            #expect(ended == 1 && !isActive && hash == "new")
            let counts = [
                try await ports.administration.disable(ada.id), try await ports.administration.disable(ada.id),
                try await ports.administration.disable(nobody),
                try await ports.administration.resetPassword(of: nobody, to: "x"),
            ]
            let isSomebody = try await ports.administration.setRole(of: nobody, to: .admin)
            let isDisabled = try await ports.accounts.credentials(username: ada.username)?.isDisabled
            #expect(counts == [0, 0, nil, nil] && !isSomebody && isDisabled == true)
        },
    ]
}

extension StorePorts {
    func session(of user: User, device: String? = nil) -> Session {
        Session(
            id: .random(),
            user: user.id,
            device: device,
            address: "127.0.0.1",
            expiresAt: Timestamp(milliseconds: now().milliseconds + 60_000)
        )
    }

    /// Open sessions of a user, in the order of their opening, with the hashes of their refresh tokens.
    func openMany(_ user: User, _ count: Int) async throws -> [(session: Session, refreshHash: [UInt8])] {
        var opened: [(session: Session, refreshHash: [UInt8])] = []
        for _ in 0..<count {
            let (session, token) = (session(of: user), UniversalID.random().bytes + UniversalID.random().bytes)
            try await accounts.open(session, refreshHash: token)
            opened.append((session, token))
        }
        return opened
    }

    /// An open session of a user.
    func open(_ user: User, device: String? = nil) async throws -> Session {
        let session = session(of: user, device: device)
        let token = UniversalID.random().bytes + UniversalID.random().bytes
        try await accounts.open(session, refreshHash: token)
        return session
    }
}
