import Domain
import IOCore
import JSON
import Messaging
import Postgres
import Storage
import Support
import Synchronization
import Testing
import Web

/// Searching over REST, on the twins.
struct SearchRoutesTests {
    @Test func `what is found comes with where it was found`() async throws {
        try await withAPI { api in
            let (ada, ben) = (await api.person("ada"), await api.person("ben"))
            let chat = await api.group(ada, ben)
            await api.send("The Café is open", to: chat, as: ada)
            await api.send("nothing", to: chat, as: ben)
            try await api.index()
            let answer = await api.call(.get, "/search/messages?q=cafe&chat_id=\(chat)", as: ben.token)
            #expect(answer.status == 200)
            let item = try #require(answer.items.first)
            #expect(answer.items.count == 1 && item.string("content") == "The Café is open")
            #expect(item.string("snippet") == "The Café is open" && item.integer("seq") == 1)
            let highlight = try #require(item.objects("highlights").first)
            #expect(highlight.integer("start") == 4 && highlight.integer("length") == 4)
        }
    }

    @Test(arguments: [
        ("", 400, "invalid_value"), ("?q=", 400, "invalid_value"), ("?q=...", 400, "invalid_value"),
        ("?q=-x", 400, "invalid_value"), ("?q=has:cheese", 400, "invalid_value"),
        ("?q=x&limit=101", 400, "limit_exceeded"),
        ("?q=x&cursor=x", 400, "invalid_value"), ("?q=x&sort=age", 400, "unknown_field"),
        ("?q=in:1&chat_id=2", 400, "invalid_value"), ("?q=x&chat_id=4711", 404, "chat_not_found"),
        ("?q=in:4711", 404, "chat_not_found"),
    ])
    func `what is no search is refused`(_ query: String, _ status: Int, _ code: String) async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let answer = await api.call(.get, "/search/messages\(query)", as: ada.token)
            #expect(answer.status == status && answer.string("code") == code)
        }
    }

    @Test func `a search too many is refused with the time to come again, and passes when others have ended`()
        async throws
    {
        let held = HeldSearches()
        try await withAPI(APIOptions(search: held.make)) { api in
            let token = await api.person("ada").token
            let (bound, loop) = (LoopBound(api, loop: api.loop), api.loop)
            @Sendable func search() async -> Answer {
                await loop.actor.run { _ in await bound.value.call(.get, "/search/messages?q=word", as: token) }
            }
            await withTaskGroup(of: Answer.self) { group in
                for _ in 0..<17 { group.addTask(executorPreference: loop) { await search() } }
                let refused = await group.next()
                #expect(refused?.status == 503 && refused?.code == "overloaded")
                #expect(refused?.headers["Retry-After"] == "1" && refused?["retryable"] == .bool(true))
                await held.end()
                for await answer in group { #expect(answer.code == "store_unavailable") }
            }
            // It was asked, and not refused for the others.
            #expect(await search().code == "store_unavailable")
        }
    }

    @Test func `what was edited since it was found is left out`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let chat = await api.group(ada)
            await api.send("first words", to: chat, as: ada)
            try await api.index()
            _ = await api.call(.put, "/messages/\(chat)-1", as: ada.token, json: #"{"content":"other words"}"#)
            #expect(await api.call(.get, "/search/messages?q=words", as: ada.token).items.isEmpty)
            try await api.index()
            #expect(await api.call(.get, "/search/messages?q=words", as: ada.token).items.count == 1)
            #expect(await api.call(.get, "/search/messages?q=first", as: ada.token).items.isEmpty)
        }
    }
}

/// Searches of the real store that wait for a connection nobody makes.
private final class HeldSearches: Sendable {
    private let client = Mutex<LoopBound<PostgresClient>?>(nil)
    private static let pool = BlockingPool(name: "unused", threads: 1, queueLimit: 1)

    @Sendable func make(_ loop: EventLoop) throws -> any MessageSearch {
        var configuration = try PostgresConfiguration(url: "postgresql://nobody@127.0.0.1/nothing")
        configuration.deadline = .seconds(60)
        let made = PostgresClient(configuration: configuration, loop: loop, blocking: Self.pool)
        client.withLock { $0 = LoopBound(made, loop: loop) }
        return PostgresMessageSearch(client: made)
    }

    /// Lets them fail.
    func end() async {
        guard let client = client.withLock({ $0 }) else { return }
        await client.loop.actor.run { _ in await client.value.shutdown() }
    }
}

extension APIHarness {
    /// Indexes what is there.
    fileprivate func index() async throws {
        let indexer = SearchIndexer(index: stores.search, bodies: stores.bodies)
        let chats = try await stores.search.slice(after: nil, limit: 100).behind
        _ = try await indexer.step(chats)
    }
}
