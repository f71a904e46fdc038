import Domain
import IOCore
import JSON
import Security
import Support
import Testing
import Web

@Suite struct AccountRoutesTests {
    @Test(arguments: ["/auth", "/users"])
    func `somebody registers, logs in and is who they are`(prefix: String) async throws {
        try await withAPI { api in
            let fields =
                #"{"username":"Ada","email":"Ada@example.org","password":"correct horse Ada","full_name":"Ada L."}"#
            let user = await api.call(.post, "\(prefix)/register", json: fields)
            #expect(user.status == 201)
            #expect(user.string("username") == "Ada")
            #expect(user.string("full_name") == "Ada L.")
            #expect(user.string("email") == "Ada@example.org")
            #expect(!user.text.contains("horse") && !user.text.contains("argon"))
            let byEmail = #"{"email":"ada@EXAMPLE.org","password":"correct horse Ada","device":"a phone"}"#
            let login = await api.call(.post, "\(prefix)/login", json: byEmail)
            #expect(login.status == 200)
            #expect(login.string("token_type") == "bearer")
            #expect(login.integer("expires_in") == 900)
            #expect(login.string("session_id").flatMap { SessionID($0) } != nil)
            #expect(login.headers["Cache-Control"] == "no-store")
            let token = try #require(login.string("access_token"))
            for path in ["/auth/me", "/users/me"] {
                let me = await api.call(.get, path, as: token)
                #expect(me.status == 200)
                #expect(me.string("email") == "Ada@example.org")
                #expect(me.integer("user_id") == user.integer("user_id"))
            }
        }
    }

    @Test func `others see a user without the address`() async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let seen = await api.call(.get, "/users/\(bob.id)", as: ada.token)
            #expect(seen.status == 200)
            #expect(seen.string("username") == "bob")
            #expect(seen["email"] == nil)
            #expect(await api.call(.get, "/users/\(ada.id)", as: ada.token)["email"] != nil)
            #expect(await api.call(.get, "/users/999", as: ada.token).code == "user_not_found")
            #expect(await api.call(.get, "/users/x", as: ada.token).code == "invalid_value")
        }
    }

    @Test func `names and addresses are unique without regard to case`() async throws {
        try await withAPI { api in
            _ = await api.person("ada")
            func register(_ name: String, _ email: String) async -> Answer {
                let fields = #"{"username":"\#(name)","email":"\#(email)","password":"correct horse battery"}"#
                return await api.call(.post, "/auth/register", json: fields)
            }
            let name = await register("ADA", "new@example.org")
            #expect(name.status == 409 && name.code == "username_taken")
            let email = await register("new", "ADA@example.org")
            #expect(email.status == 409 && email.code == "email_taken")
        }
    }

    @Test(arguments: [
        (#"{"username":"ab","email":"a@example.org","password":"correct horse"}"#, 400, "invalid_value"),
        (#"{"username":"a b c","email":"a@example.org","password":"correct horse"}"#, 400, "invalid_value"),
        (#"{"username":"ada","email":"nowhere","password":"correct horse"}"#, 400, "invalid_value"),
        (#"{"username":"ada","email":"a@example.org","password":"short"}"#, 400, "invalid_value"),
        (#"{"username":"ada","email":"a@example.org","password":"password"}"#, 400, "invalid_value"),
        (#"{"username":"ada","email":"a@example.org"}"#, 400, "invalid_value"),
        (#"{"username":7,"email":"a@example.org","password":"correct horse"}"#, 400, "invalid_value"),
        (
            #"{"username":"ada","email":"a@example.org","password":"correct horse","role":"admin"}"#, 400,
            "unknown_field"
        ),
        (#"{"username":"ada","email":"a@example.org","password":"correct horse","full_name":""}"#, 422, "empty"),
        (
            #"{"username":"ada","email":"a@example.org","password":"correct horse","full_name":"\#(String(repeating: "x", count: 101))"}"#,
            422, "too_long"
        ),
        (
            #"{"username":"ada","email":"a@example.org","password":"correct horse","full_name":"a\nb"}"#, 422,
            "invalid_content"
        ),
        (#"{"username":"ada","email":"a@example.org","password":"correct\u0000horse"}"#, 400, "invalid_json"),
        (
            #"{"username":"ada","username":"bob","email":"a@example.org","password":"correct horse"}"#, 400,
            "invalid_json"
        ),
    ])
    func `a registration that will not do is refused and leaves nothing`(
        fields: String,
        status: Int,
        code: String
    ) async throws {
        try await withAPI { api in
            let answer = await api.call(.post, "/auth/register", json: fields)
            #expect(answer.status == status)
            #expect(answer.code == code)
            let kept = try await api.stores.accounts.credentials(username: "ada")
            #expect(kept == nil)
        }
    }

    @Test func `a wrong password and an unknown name are told alike`() async throws {
        try await withAPI { api in
            _ = await api.person("ada")
            let wrong = await api.logIn("ada", password: "wrong")
            let unknown = await api.logIn("nobody", password: "wrong")
            #expect(wrong.status == 401 && wrong.code == "invalid_credentials")
            #expect(wrong.headers["WWW-Authenticate"] == #"Bearer realm="duologue""#)
            #expect(wrong.text == unknown.text)
            api.stores.database.disable(UserID(rawValue: 1))
            #expect(await api.logIn("ada").text == wrong.text)
        }
    }

    @Test(arguments: [
        #"{"password":"x"}"#, #"{"username":"ada","email":"a@example.org","password":"x"}"#,
        #"{"username":"ada","password":""}"#, #"{"username":"a","password":"x"}"#,
        #"{"username":"ada","password":"\#(String(repeating: "x", count: 257))"}"#,
    ])
    func `a malformed login is refused and not counted`(fields: String) async throws {
        try await withAPI { api in
            _ = await api.person("ada")
            for _ in 0..<5 {
                let answer = await api.call(.post, "/auth/login", json: fields)
                #expect(answer.status == 400 && answer.code == "invalid_value")
            }
            #expect(await api.logIn("ada").status == 200)
        }
    }

    @Test func `an account is closed to guesses after too many, however it is spelled`() async throws {
        try await withAPI { api in
            _ = await api.person("ada")
            _ = await api.logIn("ada", password: "wrong")
            _ = await api.logIn("ADA", password: "wrong")
            let byEmail = #"{"email":"ada@example.org","password":"wrong"}"#
            #expect(await api.call(.post, "/auth/login", json: byEmail).status == 401)
            let refused = await api.logIn("ada")
            #expect(refused.status == 429 && refused.code == "rate_limited")
            #expect(refused.headers["Retry-After"].flatMap { Int($0) } ?? 0 > 0)
            #expect(refused["retryable"] == .bool(true))
            for _ in 0..<3 { #expect(await api.logIn("nobody", password: "wrong").status == 401) }
            #expect(await api.logIn("nobody", password: "wrong").status == 429)
        }
    }

    @Test func `guesses sent together gain nothing over guesses in sequence`() async throws {
        try await withAPI { api in
            _ = await api.person("ada")
            let guesses = ["wrong 1", "wrong 2", "wrong 3", "correct horse ada"]
            #expect(await api.logInTogether("ada", passwords: guesses) == [401, 401, 401, 429])
        }
    }

    @Test func `a hash of other parameters is replaced at the next login`() async throws {
        try await withAPI { api in
            let ada = UserID(rawValue: await api.person("ada").id)
            let old = try PasswordHasher(parameters: .init(operations: 2, memoryBytes: 8_192))
            let hash = try old.hash("correct horse ada")
            api.stores.database.setPasswordHash(hash, of: ada)
            #expect(await api.logIn("ada").status == 200)
            let renewed = try await api.stores.accounts.credentials(username: "ada")?.passwordHash
            #expect(renewed != hash)
            #expect(await api.logIn("ada").status == 200)
            let kept = try await api.stores.accounts.credentials(username: "ada")?.passwordHash
            #expect(kept == renewed)
        }
    }

    @Test func `a refresh token works once, and its reuse ends the session`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            func refresh(_ token: String) async -> Answer {
                await api.call(.post, "/auth/refresh", json: #"{"refresh_token":"\#(token)"}"#)
            }
            let first = await refresh(ada.refreshToken)
            #expect(first.status == 200)
            let second = try #require(first.string("refresh_token"))
            #expect(second != ada.refreshToken)
            #expect(await api.call(.get, "/auth/me", as: first.string("access_token")).status == 200)
            let reused = await refresh(ada.refreshToken)
            #expect(reused.status == 401 && reused.code == "unauthenticated")
            #expect(await refresh(second).status == 401)
            #expect(await api.call(.get, "/auth/me", as: first.string("access_token")).status == 401)
            #expect(await api.call(.get, "/chats", as: first.string("access_token")).status == 401)
            #expect(await refresh("dlr_nonsense").code == "unauthenticated")
        }
    }

    @Test func `a refresh token ends`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            api.advance(seconds: 30 * 86_400)
            let fields = #"{"refresh_token":"\#(ada.refreshToken)"}"#
            #expect(await api.call(.post, "/auth/refresh", json: fields).code == "unauthenticated")
        }
    }

    @Test func `logging out ends the session and its tokens at once`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            #expect(
                await api.call(.post, "/auth/logout", as: ada.token, json: #"{"all":true}"#).code == "unknown_field"
            )
            #expect(await api.call(.post, "/auth/logout", as: ada.token).status == 204)
            #expect(await api.call(.post, "/auth/logout", as: ada.token, json: "{}").code == "unauthenticated")
            #expect(await api.call(.get, "/chats", as: ada.token).code == "unauthenticated")
            #expect(await api.call(.get, "/auth/me", as: ada.token).code == "unauthenticated")
            #expect(await api.call(.post, "/ws/ticket", as: ada.token).status == 401)
            let fields = #"{"refresh_token":"\#(ada.refreshToken)"}"#
            #expect(await api.call(.post, "/auth/refresh", json: fields).status == 401)
            #expect(await api.logIn("ada").status == 200)
        }
    }

    @Test func `hashing that is full refuses with a time to come back`() async throws {
        let pool = BlockingPool(name: "full", threads: 1, queueLimit: 0)
        try await withAPI(APIOptions(pool: pool)) { api in
            let fields = #"{"username":"ada","email":"a@example.org","password":"correct horse"}"#
            let answer = await api.call(.post, "/auth/register", json: fields)
            #expect(answer.status == 503 && answer.code == "overloaded")
            #expect(answer.headers["Retry-After"] == "1")
        }
        pool.shutdown()
    }
}
