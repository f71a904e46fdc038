import Domain
import IOCore
import JSON
import Security
import Support
import Testing
import Web

@testable import API

@Suite struct SessionRoutesTests {
    @Test func `sessions are listed with device, address and which is one's own`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let fields = #"{"username":"ada","password":"correct horse ada","device":"a phone"}"#
            let phone = await api.call(.post, "/auth/login", json: fields)
            let list = await api.call(.get, "/auth/sessions", as: ada.token)
            #expect(list.status == 200 && list.items.count == 2 && list["next"] == .null)
            let names = ["session_id", "device", "address", "created_at", "last_used_at", "expires_at", "current"]
            #expect(list.items.allSatisfy { $0.members.map(\.name) == names })
            #expect(list.items[0].string("device") == "a phone" && list.items[0].bool("current") == false)
            #expect(list.items[0].string("session_id") == phone.string("session_id"))
            #expect(list.items[1].bool("current") == true)
            let first = await api.call(.get, "/auth/sessions?limit=1", as: ada.token)
            let cursor = try #require(first.string("next"))
            let second = await api.call(.get, "/auth/sessions?limit=1&cursor=\(cursor)", as: ada.token)
            #expect(second.items.first?.bool("current") == true)
            #expect(await api.call(.get, "/auth/sessions?cursor=x", as: ada.token).code == "invalid_value")
            #expect(await api.call(.get, "/auth/sessions").status == 401)
        }
    }

    @Test func `a session ends by its own user, once, and its tokens at once`() async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let other = await api.logIn("ada")
            let id = try #require(other.string("session_id"))
            for path in ["/auth/sessions/\(id)", "/auth/sessions/nonsense"] {
                let answer = await api.call(.delete, path, as: bob.token)
                #expect(answer.status == 404 && answer.code == "not_found")
            }
            #expect(await api.call(.get, "/chats", as: other.string("access_token")).status == 200)
            #expect(await api.call(.delete, "/auth/sessions/\(id)", as: ada.token).status == 204)
            #expect(await api.call(.delete, "/auth/sessions/\(id)", as: ada.token).code == "not_found")
            let late = await api.call(.get, "/chats", as: other.string("access_token"))
            #expect(late.status == 401 && late.code == "unauthenticated")
            #expect(await api.call(.get, "/chats", as: ada.token).status == 200)
        }
    }

    @Test func `another password ends the other sessions and is the one that holds`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let other = await api.logIn("ada")
            func change(_ current: String, _ new: String, as token: String? = nil) async -> Answer {
                let fields = #"{"current_password":"\#(current)","new_password":"\#(new)"}"#
                return await api.call(.post, "/auth/password", as: token ?? ada.token, json: fields)
            }
            #expect(await change("wrong horse ada", "battery staple").code == "invalid_credentials")
            #expect(await change("correct horse ada", "short").code == "invalid_value")
            #expect(await change("correct horse ada", "password").code == "invalid_value")
            #expect(await change("correct horse ada", "battery staple").status == 204)
            #expect(await api.call(.get, "/chats", as: other.string("access_token")).code == "unauthenticated")
            #expect(await api.call(.get, "/auth/me", as: ada.token).status == 200)
            #expect(await api.logIn("ada").code == "invalid_credentials")
            #expect(await api.logIn("ada", password: "battery staple").status == 200)
            let late = await change("correct horse ada", "battery staple 2", as: other.string("access_token"))
            #expect(late.status == 401 && late.code == "unauthenticated")
        }
    }

    @Test func `guessing the current password is throttled, apart from the logins of the account`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let fields = #"{"current_password":"a wrong one","new_password":"battery staple"}"#
            for _ in 0..<3 {
                let answer = await api.call(.post, "/auth/password", as: ada.token, json: fields)
                #expect(answer.code == "invalid_credentials")
            }
            let late = await api.call(.post, "/auth/password", as: ada.token, json: fields)
            #expect(late.status == 429 && late.headers["Retry-After"] != nil)
            #expect(await api.logIn("ada").status == 200)
        }
    }

    @Test func `who guesses at an account from outside keeps nobody inside from another password`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            for _ in 0..<4 { _ = await api.logIn("ada", password: "a wrong one") }
            #expect(await api.logIn("ada").status == 429)
            let fields = #"{"current_password":"correct horse ada","new_password":"battery staple"}"#
            #expect(await api.call(.post, "/auth/password", as: ada.token, json: fields).status == 204)
        }
    }

    @Test func `a login that fails does the same work for unknown, wrong and disabled`() async throws {
        try await withAPI { api in
            _ = await api.person("ada")
            let bob = await api.person("bob")
            api.stores.database.disable(UserID(rawValue: bob.id))
            _ = api.work.take()
            let answers = [
                await api.logIn("nobody"), await api.logIn("ada", password: "a wrong one"), await api.logIn("bob"),
            ]
            let work = api.work.take()
            #expect(work.count == 3 && Set(work.map { "\($0)" }).count == 1)
            #expect(answers.allSatisfy { $0.status == 401 && $0.code == "invalid_credentials" })
            #expect(Set(answers.map { $0.string("detail") }).count == 1)
        }
    }

    @Test func `a bcrypt hash opens a session and is replaced by Argon2id`() async throws {
        try await withAPI { api in
            let ada = UserID(rawValue: await api.person("ada").id)
            // Of "U*U*U".
            let hash = "$2b$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"
            api.stores.database.setPasswordHash(hash, of: ada)
            #expect(await api.logIn("ada", password: "U*U").status == 401)
            #expect(await api.logIn("ada", password: "U*U*U").status == 200)
            let renewed = try await api.stores.accounts.credentials(username: "ada")?.passwordHash
            #expect(renewed?.hasPrefix("$argon2id$") == true)
            #expect(await api.logIn("ada", password: "U*U*U").status == 200)
        }
    }

    @Test func `of logins at once that all find a bcrypt hash, each opens a session`() async throws {
        try await withAPI { api in
            let ada = UserID(rawValue: await api.person("ada").id)
            // Of "U*U*U".
            api.stores.database.setPasswordHash("$2b$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", of: ada)
            let statuses = await api.logInTogether("ada", passwords: ["U*U*U", "U*U", "U*U*U"])
            #expect(statuses == [200, 401, 200])
        }
    }

    @Test func `until the node knows all revocations, every session is looked up`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let fresh = RevokedSessions(tokenLifetime: .seconds(900))
            #expect(!fresh.isComplete())
            let watch = SessionWatch(
                loop: api.loop,
                accounts: api.stores.accounts,
                revoked: fresh,
                uses: api.uses,
                logger: api.logger
            )
            let session = try await api.stores.accounts.sessions(of: UserID(rawValue: ada.id), limit: 1, cursor: nil)
                .items[0].session
            _ = try await api.stores.accounts.revoke(session.id, of: session.user)
            api.stores.database.outage = StoreError(.postgres, .retryable, "away")
            await watch.look()
            #expect(!fresh.isComplete() && !fresh.contains(session.id))
            api.stores.database.outage = nil
            let begun = ContinuousClock.now
            await watch.look()
            #expect(fresh.isComplete(now: begun) && fresh.contains(session.id))
        }
    }

    @Test func `the use of a session is written once a minute, and not as a sight of its user`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let id = UserID(rawValue: ada.id)
            let watch = SessionWatch(
                loop: api.loop,
                accounts: api.stores.accounts,
                revoked: api.revoked,
                uses: api.uses,
                logger: api.logger
            )
            func lastUse() async throws -> Timestamp? {
                try await api.stores.accounts.sessions(of: id, limit: 1, cursor: nil).items.first?.lastUsedAt
            }
            func use(after seconds: Int64) async -> Timestamp {
                api.advance(seconds: seconds)
                _ = await api.call(.get, "/chats", as: ada.token)
                await watch.note()
                return api.stores.database.now
            }
            let first = await use(after: 1)
            let noted = try await lastUse()
            #expect(noted == first)
            _ = await use(after: 59)
            let same = try await lastUse()
            #expect(same == first)
            let second = await use(after: 1)
            let again = try await lastUse()
            let seen = try await api.stores.accounts.user(id)?.lastSeen
            #expect(again == second && seen == nil)
        }
    }
}
