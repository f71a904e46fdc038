import Domain
import JSON
import Security
import Support
import Testing
import Web

@testable import API

/// How many sessions somebody may have.
@Suite struct SessionLimitTests {
    @Test func `of a hundred sessions another ends the least recently used, tokens and all`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let watch = SessionWatch(
                loop: api.loop,
                accounts: api.stores.accounts,
                revoked: api.revoked,
                uses: api.uses,
                logger: api.logger
            )
            func isServed(_ token: String?) async -> Bool {
                await api.call(.get, "/chats", as: token ?? "").status == 200
            }
            func refresh(_ token: String?) async -> Answer {
                await api.call(.post, "/auth/refresh", json: #"{"refresh_token":"\#(token ?? "")"}"#)
            }
            func count() async -> Int { await api.call(.get, "/auth/sessions?limit=100", as: ada.token).items.count }

            let second = await api.logIn("ada")
            // The first is used once more, and so the second is next.
            api.advance(seconds: 120)
            #expect(await isServed(ada.token))
            await watch.note()
            var others: [Answer] = []
            for _ in 3...100 { others.append(await api.logIn("ada")) }
            await watch.look()
            #expect(await count() == 100)
            // That is written later, so that it stays the least recently used.
            #expect(await isServed(second.string("access_token")))

            let newest = await api.logIn("ada")
            #expect(newest.status == 200)
            await watch.look()
            let late = await api.call(.get, "/chats", as: second.string("access_token"))
            #expect(late.status == 401 && late.code == "unauthenticated")
            let renewed = await refresh(second.string("refresh_token"))
            #expect(renewed.status == 401 && renewed.code == "unauthenticated")
            #expect(await count() == 100)
            for answer in others + [newest] { #expect(await isServed(answer.string("access_token"))) }
            #expect(await refresh(ada.refreshToken).status == 200)
            #expect(await refresh(others[0].string("refresh_token")).status == 200)
        }
    }
}
