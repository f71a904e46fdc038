internal import Domain
internal import Testing

extension StoreScenario {
    static let accountScenarios: [StoreScenario] = [
        StoreScenario("names and addresses are found and unique without regard to case") { ports in
            let user = try await ports.someone()
            let upper = user.username.uppercased()
            let (byName, byEmail) = (
                try await ports.accounts.credentials(username: upper),
                try await ports.accounts.credentials(email: user.email.uppercased())
            )
            #expect(byName?.user == user && byEmail?.user == user)
            #expect(byName?.isDisabled == false && byName?.passwordHash == "$argon2id$none")
            func register(_ name: String, _ email: String) async throws {
                _ = try await ports.accounts.register(username: name, email: email, passwordHash: "x", fullName: nil)
            }
            let taken = await failure { try await register(upper, "other-\(user.email)") }
            let used = await failure { try await register("x" + user.username.dropFirst(), user.email.uppercased()) }
            #expect(taken == .usernameTaken)
            #expect(used == .emailTaken)
        },
        StoreScenario("who exists is told from who does not") { ports in
            let user = try await ports.someone()
            let nobody = UserID(rawValue: 1 << 52)
            let existing = try await ports.accounts.existing([user.id, nobody])
            let (found, missing) = (try await ports.accounts.user(user.id), try await ports.accounts.user(nobody))
            #expect(existing == [user.id])
            #expect(found == user && missing == nil)
            let late = try await ports.accounts.replacePasswordHash(of: user.id, from: "other", to: "newer")
            let done = try await ports.accounts.replacePasswordHash(of: user.id, from: "$argon2id$none", to: "new")
            let credentials = try await ports.accounts.credentials(username: user.username)
            #expect(!late && done && credentials?.passwordHash == "new")
        },
        StoreScenario("when somebody was last seen only moves forward") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let nobody = UserID(rawValue: 1 << 52)
            func seen(_ user: User) async throws -> Int64? {
                let found = try await ports.accounts.user(user.id)
                return found?.lastSeen?.milliseconds
            }
            #expect(ada.lastSeen == nil)
            func note(_ times: (UserID, Int64)...) async throws {
                try await ports.accounts.noteSeen(times.map { (user: $0.0, at: Timestamp(milliseconds: $0.1)) })
            }
            try await note((bob.id, 1_767_225_600_123), (nobody, 1), (ada.id, 1_767_225_600_456))
            try await note((ada.id, 1_767_225_600_001), (bob.id, 1_767_225_600_999))
            let times = (try await seen(ada), try await seen(bob))
            #expect(times == (1_767_225_600_456, 1_767_225_600_999))
        },
        StoreScenario("a refresh token is exchanged once, and reuse ends its session") { ports in
            let session = try await ports.session()
            let tokens = (0..<3).map { _ in UniversalID.random().bytes + UniversalID.random().bytes }
            try await ports.accounts.open(session, refreshHash: tokens[0])
            let end = Timestamp(milliseconds: session.expiresAt.milliseconds + 5_000)
            let first = try await ports.accounts.rotate(refreshHash: tokens[0], to: tokens[1], expiresAt: end)
            var rotated = session
            rotated.expiresAt = end
            #expect(first == .rotated(rotated))
            let reused = try await ports.accounts.rotate(refreshHash: tokens[0], to: tokens[2], expiresAt: end)
            let after = try await ports.accounts.rotate(refreshHash: tokens[1], to: tokens[2], expiresAt: end)
            let isActive = try await ports.accounts.isActive(session.id)
            #expect(reused == .reused(session.id))
            #expect(after == .invalid)
            #expect(!isActive)
        },
        StoreScenario("a session ends once, by its own user, and when its time is over") { ports in
            let (session, stranger) = (try await ports.session(), try await ports.someone())
            try await ports.accounts.open(session, refreshHash: UniversalID.random().bytes + UniversalID.random().bytes)
            let before = try await ports.accounts.isActive(session.id)
            let foreign = try await ports.accounts.revoke(session.id, of: stranger.id)
            let own = try await ports.accounts.revoke(session.id, of: session.user)
            let again = try await ports.accounts.revoke(session.id, of: session.user)
            let after = try await ports.accounts.isActive(session.id)
            #expect(before && !foreign && own && !again && !after)
            let over = try await ports.session(lifetimeMilliseconds: -1_000)
            let hash = UniversalID.random().bytes + UniversalID.random().bytes
            // A store may refuse to open what is over already.
            try? await ports.accounts.open(over, refreshHash: hash)
            let isActive = try await ports.accounts.isActive(over.id)
            let rotation = try await ports.accounts.rotate(
                refreshHash: hash,
                to: hash.reversed(),
                expiresAt: over.expiresAt
            )
            #expect(!isActive && rotation == .invalid)
        },
    ]

    static let ticketScenarios: [StoreScenario] = [
        StoreScenario("a ticket is taken once") { ports in
            let session = try await ports.session()
            let caller = Caller(user: session.user, session: session.id, expiresAt: session.expiresAt)
            let digest = UniversalID.random().bytes + UniversalID.random().bytes
            let before = try await ports.tickets.take(digest)
            try await ports.tickets.keep(digest, for: caller, lifetime: .seconds(30))
            let taken = try await ports.tickets.take(digest)
            let again = try await ports.tickets.take(digest)
            #expect(before == nil && taken == caller && again == nil)
        }
    ]
}

extension StorePorts {
    fileprivate func session(lifetimeMilliseconds: Int64 = 60_000) async throws -> Session {
        Session(
            id: .random(),
            user: try await someone().id,
            device: "a phone",
            address: "127.0.0.1",
            expiresAt: Timestamp(milliseconds: now().milliseconds + lifetimeMilliseconds)
        )
    }
}
