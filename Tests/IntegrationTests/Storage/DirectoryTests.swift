import Domain
import IOCore
import Messaging
import Storage
import Support
import Testing

@Suite(.realTime) struct DirectoryTests {
    @Test func `chats come with the latest activity first, page by page`() async throws {
        try await StorageFixture.run { _, stores in
            let user = try await stores.users(1)[0]
            var chats: [ChatID] = []
            for _ in 0..<5 { chats.append(try await stores.group(of: user)) }
            try await stores.finish(stores.send("awake", to: chats[1], from: user))
            let expected = [chats[1], chats[4], chats[3], chats[2], chats[0]]
            var listed: [ChatID] = []
            var cursor: String?
            repeat {
                let page = try await stores.chats.chats(of: user, limit: 2, cursor: cursor)
                listed += page.items.map(\.id)
                cursor = page.next
            } while cursor != nil
            #expect(listed == expected)
            let count = try await stores.chats.chatCount(of: user)
            #expect(count == 5)
            let code = await failureCode { _ = try await stores.chats.chats(of: user, limit: 2, cursor: "1.x") }
            #expect(code == .invalidValue)
        }
    }

    @Test func `participants come in order of joining and leave the list with their departure`() async throws {
        try await StorageFixture.run { _, stores in
            let users = try await stores.users(4)
            let chat = try await stores.group(of: users[0], with: Array(users[1...]))
            let first = try await stores.chats.participants(of: chat, for: users[0], limit: 3, cursor: nil)
            #expect(first?.items.map(\.user) == Array(users[..<3]))
            #expect(first?.items.map(\.role) == [.owner, .member, .member])
            let rest = try await stores.chats.participants(of: chat, for: users[0], limit: 3, cursor: first?.next)
            #expect(rest?.items.map(\.user) == [users[3]])
            #expect(rest?.next == nil)
            let left = try await stores.commit(removal(of: users[1], from: chat, by: users[1]))
            guard case .committed(let allocation) = left else {
                Issue.record("\(left)")
                return
            }
            #expect(allocation.sequence == nil)
            let gone = try await stores.chats.chat(chat, for: users[1])
            #expect(gone == nil)
            let seen = try await stores.chats.chat(chat, for: users[0])
            #expect(seen?.participantCount == 3)
            let refused = try await stores.commit(message("still here?", to: chat, from: users[1]))
            #expect(refused == .refused(.chatNotFound))
        }
    }

    @Test func `names and addresses are taken whatever their case`() async throws {
        try await StorageFixture.run { _, stores in
            let accounts = stores.accounts
            let user = try await accounts.register(
                username: "Ada",
                email: "Ada@example.org",
                passwordHash: "h1",
                fullName: "Ada L."
            )
            let taken = await failureCode {
                _ = try await accounts.register(username: "aDA", email: "x@y.z", passwordHash: "", fullName: nil)
            }
            #expect(taken == .usernameTaken)
            let address = await failureCode {
                _ = try await accounts.register(
                    username: "other",
                    email: "ADA@EXAMPLE.ORG",
                    passwordHash: "",
                    fullName: nil
                )
            }
            #expect(address == .emailTaken)
            let byName = try await accounts.credentials(username: "ADA")
            #expect(byName?.user == user)
            _ = try await accounts.replacePasswordHash(of: user.id, from: "h1", to: "h2")
            let byAddress = try await accounts.credentials(email: "ada@example.ORG")
            #expect(byAddress?.passwordHash == "h2")
            let found = try await accounts.user(user.id)
            #expect(found == user)
            let existing = try await accounts.existing([user.id, UserID(rawValue: 1 << 40)])
            #expect(existing == [user.id])
        }
    }

    @Test func `a refresh token used twice ends its session`() async throws {
        try await StorageFixture.run { _, stores in
            let accounts = stores.accounts
            let user = try await stores.users(1)[0]
            let end = Timestamp(milliseconds: 4_000_000_000_000)
            let session = Session(id: .random(), user: user, device: "phone", address: "127.0.0.1", expiresAt: end)
            let tokens = (0..<4).map { [UInt8](repeating: $0, count: 32) }
            try await accounts.open(session, refreshHash: tokens[0])
            let rotated = try await accounts.rotate(refreshHash: tokens[0], to: tokens[1], expiresAt: end)
            #expect(rotated == .rotated(session))
            let active = try await accounts.isActive(session.id)
            #expect(active)
            let reused = try await accounts.rotate(refreshHash: tokens[0], to: tokens[2], expiresAt: end)
            #expect(reused == .reused(session.id))
            let ended = try await accounts.isActive(session.id)
            #expect(!ended)
            let late = try await accounts.rotate(refreshHash: tokens[1], to: tokens[2], expiresAt: end)
            #expect(late == .invalid)
            let again = try await accounts.revoke(session.id, of: user)
            #expect(!again)
        }
    }

    @Test func `a ticket is good once, for a while`() async throws {
        try await StorageFixture.run { fixture, stores in
            let caller = Caller(user: UserID(rawValue: 5), session: .random(), expiresAt: Timestamp(milliseconds: 9))
            let digest = [UInt8](repeating: 0xAB, count: 32)
            try await stores.tickets.keep(digest, for: caller, lifetime: .seconds(30))
            let first = try await stores.tickets.take(digest)
            #expect(first == caller)
            let second = try await stores.tickets.take(digest)
            #expect(second == nil)
            try await stores.tickets.keep(digest, for: caller, lifetime: .milliseconds(1))
            await fixture.loop.sleep(for: .milliseconds(10))
            let expired = try await stores.tickets.take(digest)
            #expect(expired == nil)
            let health = await stores.health.check()
            #expect(health == StoreError.Store.allCases.map { StoreHealth(store: $0, reason: nil) })
        }
    }
}

/// The code of the failure `body` throws.
func failureCode(_ body: () async throws -> Void) async -> Failure.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? Failure)?.code
    }
}
