import Domain
import Security
import Support
import Testing
import Web

@Suite struct AuthenticationTests {
    @Test(arguments: ["Basic YTpi", "Bearer", "Bearer ", "token", ""])
    func `without a bearer token nobody passes`(header: String) async throws {
        try await withAPI { api in
            let answer = await api.call(.get, "/chats", headers: [("Authorization", header)])
            #expect(answer.status == 401 && answer.code == "unauthenticated")
            #expect(answer.headers["WWW-Authenticate"]?.hasPrefix("Bearer") == true)
            #expect(await api.call(.get, "/chats").status == 401)
        }
    }

    @Test func `an expired token is told as expired, a forged one is not believed`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            #expect(await api.call(.get, "/chats", as: ada.token).status == 200)
            let parts = ada.token.split(separator: ".")
            for forged in ["\(parts[0]).\(parts[1]).AAAA", "\(parts[0]).\(parts[1]).", "x.y.z", ada.token + "A"] {
                let answer = await api.call(.get, "/chats", as: forged)
                #expect(answer.status == 401 && answer.code == "unauthenticated")
                #expect(answer.headers["WWW-Authenticate"]?.contains("invalid_token") == true)
            }
            let other = AccessTokenAuthority(secret: try SigningSecret(String(repeating: "z", count: 32)))
            let foreign = other.issue(user: UserID(rawValue: 1), session: .random(), now: api.stores.database.now)
            #expect(await api.call(.get, "/chats", as: foreign.text).code == "unauthenticated")
            api.advance(seconds: 900)
            let late = await api.call(.get, "/chats", as: ada.token)
            #expect(late.status == 401 && late.code == "token_expired")
        }
    }

    @Test func `a token in the query string is refused, beside a good header too`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            for name in ["access_token", "token"] {
                let answer = await api.call(.get, "/chats?\(name)=\(ada.token)")
                #expect(answer.status == 401 && answer.code == "unauthenticated")
                #expect(!answer.text.contains(ada.token))
                #expect(await api.call(.get, "/chats?\(name)=\(ada.token)", as: ada.token).status == 401)
            }
        }
    }

    @Test func `two Authorization headers are one too many`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let second = [("Authorization", "Bearer \(ada.token)")]
            #expect(await api.call(.get, "/chats", as: ada.token, headers: second).status == 401)
            #expect(await api.call(.get, "/chats", headers: [("authorization", "bEARER \(ada.token)")]).status == 200)
        }
    }

    @Test func `any number of spaces may stand before a token, and nothing else`() async throws {
        try await withAPI { api in
            let token = await api.person("ada").token
            for (header, status) in [
                ("Bearer  \(token)", 200), ("Bearer     \(token)", 200), ("Bearer\t\(token)", 401),
                ("Bearer \t\(token)", 401), ("Bearer\(token)", 401), ("Bearer  \(token) x", 401),
            ] {
                #expect(await api.call(.get, "/chats", headers: [("Authorization", header)]).status == status)
            }
        }
    }

    @Test func `a handshake's query holds what is declared, each once`() async throws {
        try await withAPI { api in
            for path in ["/ws", "/ws/7"] {
                for (query, code) in [
                    ("foo=1", "unknown_field"), ("resume=1&Ticket=x", "unknown_field"), ("=", "unknown_field"),
                    ("resume=1&resume=1", "invalid_value"), ("ticket=a&ticket=b", "invalid_value"),
                ] {
                    let answer = await api.call(.get, "\(path)?\(query)")
                    #expect(answer.status == 400 && answer.code == code, "\(query)")
                }
                // There are no sockets, but the query has passed.
                #expect(await api.call(.get, "\(path)?resume=1&ticket=x").status == 503)
            }
        }
    }

    @Test func `a ticket opens one socket, for its caller, for half a minute`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let answer = await api.call(.post, "/ws/ticket", as: ada.token)
            #expect(answer.status == 201)
            #expect(answer.integer("expires_in") == 30)
            #expect(answer.headers["Cache-Control"] == "no-store")
            let ticket = try #require(answer.string("ticket").flatMap { Ticket($0) })
            #expect(try await api.stores.tickets.take(ticket.digest)?.user == UserID(rawValue: ada.id))
            #expect(try await api.stores.tickets.take(ticket.digest) == nil)
            let late = await api.call(.post, "/ws/ticket", as: ada.token).string("ticket").flatMap { Ticket($0) }
            api.advance(seconds: 30)
            #expect(try await api.stores.tickets.take(#require(late).digest) == nil)
        }
    }
}
