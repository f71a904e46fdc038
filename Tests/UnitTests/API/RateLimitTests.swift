import Domain
import JSON
import Messaging
import Security
import Support
import Testing
import Web

@testable import API

/// Requests counted, through the router.
@Suite struct RateLimitTests {
    /// Long enough that nothing comes back during a test.
    private static func options(_ requests: Int) -> APIOptions {
        APIOptions(quota: RateQuota(tokens: requests, window: .seconds(36_000)))
    }

    @Test func `answers tell the quota and what is left of it, refusals too`() async throws {
        try await withAPI(Self.options(10)) { api in
            let ada = await api.person("ada")
            let good = await api.call(.get, "/chats", as: ada.token)
            #expect(good.headers["RateLimit-Policy"] == #""read";q=50;w=36000"#)
            #expect(good.headers["RateLimit"] == #""read";r=49;t=720"#)
            let bad = await api.call(.get, "/chats/9", as: ada.token)
            #expect(bad.status == 404 && bad.headers["RateLimit"] == #""read";r=48;t=1440"#)
            let wrong = await api.call(.post, "/chats", as: ada.token, json: "[")
            #expect(wrong.status == 400 && wrong.headers["RateLimit"]?.hasPrefix(#""write";r=9;"#) == true)
        }
    }

    @Test func `who has used it up is told when to come back`() async throws {
        try await withAPI(Self.options(4)) { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            for _ in 0..<4 {
                #expect(await api.call(.put, "/users/me/contacts/\(bob.id)", as: ada.token).status == 204)
            }
            let refused = await api.call(.put, "/users/me/contacts/\(bob.id)", as: ada.token)
            #expect(refused.status == 429 && refused.code == "rate_limited")
            #expect(refused["retryable"] == .bool(true))
            #expect(refused.string("detail")?.contains("4 requests of class write in 36000 seconds") == true)
            #expect(refused.headers["Retry-After"] == "9000")
            #expect(refused.headers["RateLimit"] == #""write";r=0;t=36000"#)
            // Another class, and another user, are not concerned.
            #expect(await api.call(.get, "/chats", as: ada.token).status == 200)
            #expect(await api.call(.put, "/users/me/contacts/\(ada.id)", as: bob.token).status == 204)
        }
    }

    @Test func `before a login the address counts, of IPv6 its first half`() async throws {
        try await withAPI(Self.options(2)) { api in
            func refresh(from peer: String) async -> Int {
                await api.call(.post, "/auth/refresh", json: #"{"refresh_token":"x"}"#, from: peer).status
            }
            #expect(await refresh(from: "2001:db8:1:2::1") == 401)
            #expect(await refresh(from: "2001:db8:1:2:9::1") == 401)
            #expect(await refresh(from: "2001:db8:1:2:8::1") == 429)
            #expect(await refresh(from: "2001:db8:1:3::1") == 401)
            #expect(await refresh(from: "192.0.2.1") == 401)
        }
    }

    @Test func `who shows no valid token counts by address, and callers from there do not`() async throws {
        try await withAPI(Self.options(2)) { api in
            let ada = await api.person("ada")
            for _ in 0..<10 { #expect(await api.call(.get, "/chats", as: "x.y.z").status == 401) }
            let refused = await api.call(.get, "/chats", as: "x.y.z")
            #expect(refused.status == 429 && refused.headers["RateLimit"] == #""stranger";r=0;t=36000"#)
            #expect(await api.call(.get, "/chats", as: ada.token).status == 200)
            #expect(await api.call(.get, "/chats", as: "x.y.z", from: "192.0.2.7").status == 401)
        }
    }

    @Test func `a token that has expired is told so, whoever else comes from its address`() async throws {
        try await withAPI(Self.options(2)) { api in
            let ada = await api.person("ada")
            for _ in 0..<10 { #expect(await api.call(.get, "/chats", as: "x.y.z").status == 401) }
            #expect(await api.call(.get, "/chats", as: "x.y.z").status == 429)
            api.advance(seconds: 86_400)
            for path in ["/chats", "/ws"] {
                let answer = await api.call(.get, path, as: ada.token)
                #expect(answer.status == 401 && answer.code == "token_expired")
            }
        }
    }

    @Test func `a handshake counts for the user it proves, and for its address only where it proves nobody`()
        async throws
    {
        try await withAPI(Self.options(4)) { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            for token in [nil, ada.token] {
                for _ in 0..<20 { #expect(await api.call(.get, "/ws", as: token).status == 503) }
                #expect(await api.call(.get, "/ws", as: token).status == 429)
            }
            for _ in 0..<20 { #expect(await api.call(.get, "/ws", as: "x.y.z").status == 401) }
            #expect(await api.call(.get, "/ws", as: "x.y.z").status == 429)
            #expect(await api.call(.get, "/ws", as: bob.token).status == 503)
        }
    }

    @Test func `a user renews so often and no more, and what is refused uses no token up`() async throws {
        try await withAPI(Self.options(5)) { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            func refresh(_ token: String) async -> Answer {
                await api.call(.post, "/auth/refresh", json: #"{"refresh_token":"\#(token)"}"#)
            }
            var token = ada.refreshToken
            for _ in 0..<5 { token = await refresh(token).string("refresh_token") ?? "" }
            let refused = await refresh(token)
            #expect(refused.status == 429 && refused.headers["Retry-After"] == "7200")
            #expect(await refresh(bob.refreshToken).status == 200)
            let digest = try #require(RefreshToken(token)).digest
            #expect(try await api.stores.accounts.holder(refreshHash: digest)?.rawValue == ada.id)
        }
    }

    @Test func `who guesses at refresh tokens keeps nobody at that address from renewing`() async throws {
        try await withAPI(Self.options(2)) { api in
            let ada = await api.person("ada")
            func refresh(_ token: String) async -> Answer {
                await api.call(.post, "/auth/refresh", json: #"{"refresh_token":"\#(token)"}"#)
            }
            for status in [401, 401, 429] { #expect(await refresh("x").status == status) }
            var token = ada.refreshToken
            for _ in 0..<2 {
                let answer = await refresh(token)
                #expect(answer.status == 200)
                token = answer.string("refresh_token") ?? ""
            }
        }
    }

    @Test func `searches and what is expensive have smaller quotas, and read marks the large one`() async throws {
        try await withAPI(Self.options(8)) { api in
            let ada = await api.person("ada")
            let room = await api.group(ada)
            let search = await api.call(.get, "/users?query=a", as: ada.token)
            #expect(search.headers["RateLimit"]?.hasPrefix(#""search";r=3;"#) == true)
            let mark = await api.call(.post, "/chats/\(room)/read", as: ada.token, json: #"{"seq":0}"#)
            #expect(mark.headers["RateLimit"]?.hasPrefix(#""read";"#) == true)
            let password = await api.call(.post, "/auth/password", as: ada.token, json: "{}")
            #expect(password.headers["RateLimit"]?.hasPrefix(#""expensive";r=1;"#) == true)
        }
    }

    @Test func `monitors and readers of the contract are not counted`() async throws {
        try await withAPI(Self.options(1)) { api in
            for path in ["//health/live", "//health", "//metrics", "//openapi.json"] {
                for _ in 0..<3 {
                    let answer = await api.call(.get, path)
                    #expect(answer.status == 200 && !answer.headers.contains("RateLimit"))
                }
            }
        }
    }

    @Test func `without the store of counts all pass and nothing is said of quotas`() async throws {
        try await withAPI(Self.options(2)) { api in
            let ada = await api.person("ada")
            api.stores.limits.conduct = .fails(StoreError(.redis, .retryable, "away"))
            for _ in 0..<20 {
                let answer = await api.call(.get, "/chats", as: ada.token)
                #expect(answer.status == 200 && !answer.headers.contains("RateLimit"))
            }
        }
    }

    @Test func `every route for clients says that it may refuse for the quota`() async throws {
        try await withAPI { api in
            for declaration in api.router.declarations where declaration.route.pattern.hasPrefix(API.basePath) {
                let description = declaration.description
                #expect(description.failures.contains(RouteFailure(429, "rate_limited")), "\(declaration.route.name)")
                #expect(RateClass(rawValue: description.rateClass ?? "") != nil && description.tellsQuota)
            }
            let document = await api.call(.get, "//openapi.json").text
            #expect(document.contains("##/components/headers/RateLimit-Policy\"".dropFirst()))
            #expect(document.contains("##/components/headers/Retry-After\"".dropFirst()))
        }
    }
}
