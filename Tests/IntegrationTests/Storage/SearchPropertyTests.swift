import Domain
import IOCore
import Messaging
import Postgres
import Search
import Storage
import Support
import Testing

/// The index against a look at every message.
@Suite(.realTime) struct SearchPropertyTests {
    /// Words of several scripts, some beginning others.
    private static let words = [
        "a", "an", "ant", "anté", "the", "The", "THEN", "don't", "x-ray", "naïve", "Straße", "日", "日本", "日本語", "本日",
        "の", "中文字",
        "한국어", "한글", "ไทย", "שלום", "मैं", "👍", "👍🏽", "ﬁne", "Ｆｉｎｅ", "42", "4.2", "foo_bar", "https://a.example/b?c",
        "...", "!!!",
        "'; --", "\\", "^!l", "l", "f",
    ]
    private static let queries = [
        "日", "本", "日本", "日本語", "\"日本 の\"", "国", "ไท", "한", "https://a.example", "has:link", "from:me", "👍 -x-ray",
        "-the from:me",
        "\"^!l\"", "!l", "fine", "th", "the -then", "naive strasse", "שלו",
    ]

    @Test func `searching the index equals looking at every message`() async throws {
        try await StorageFixture.run { _, stores in
            var random = SplitMix64(seed: 2026)
            let users = try await stores.users(3)
            // One has more messages of a word than are ranked together, and more than one block.
            var said: [MessageID: (content: String, sender: UserID)] = [:]
            for count in [1_500, 60, 0, 40] {
                let chat = try await stores.group(of: users[0], with: [users[1]])
                try await fill(chat, count, users, stores, &random, &said)
            }
            let foreign = try await stores.group(of: users[2])
            try await fill(foreign, 30, [users[2]], stores, &random, &said)
            for number in 0..<80 {
                let text =
                    number < Self.queries.count
                    ? Self.queries[number]
                    : (0...Int.random(in: 0...2, using: &random)).map { _ in Self.term(&random) }.joined(separator: " ")
                guard let criteria = try? SearchQueryParser.parse(text), criteria != SearchCriteria() else { continue }
                let user = users[Int.random(in: 0...1, using: &random)]
                let expected = said.filter { id, message in
                    id.chat != foreign && (criteria.sender == nil || message.sender == user)
                        && (!criteria.hasLink || message.content.contains("https://"))
                        && SearchMatcher(message.content).matches(criteria)
                }
                let found = try await pages(of: criteria, for: user, stores.search)
                #expect(found.count == Set(found).count, "\(text): each once")
                #expect(Set(found) == Set(expected.keys), "\(text)")
            }
        }
    }

    @Test func `a cursor that nobody was given does no harm`() async throws {
        try await StorageFixture.run { _, stores in
            var (random, said): (SplitMix64, [MessageID: (content: String, sender: UserID)]) = (
                SplitMix64(seed: 1), [:]
            )
            let users = try await stores.users(1)
            let chat = try await stores.group(of: users[0])
            try await fill(chat, 3, users, stores, &random, &said)
            // Reckoned to a moment in thousands of years.
            let late = String(Int64(1) << 47, radix: 36)
            var criteria = SearchCriteria()
            criteria.chat = chat
            let page = try await stores.search.search(criteria, for: users[0], limit: 9, cursor: "\(late).\(late)")
            #expect(page?.items.count == 3)
        }
    }

    @Test func `a cursor that was made up does not make it rank everything`() async throws {
        try await StorageFixture.run { fixture, stores in
            var (random, said): (SplitMix64, [MessageID: (content: String, sender: UserID)]) = (
                SplitMix64(seed: 3), [:]
            )
            let users = try await stores.users(1)
            let chat = try await stores.group(of: users[0])
            try await fill(chat, 100, users, stores, &random, &said)
            let user = users[0].rawValue
            for (window, isRefused) in [(10, true), (100, false)] {
                let query: PostgresQuery = """
                    SELECT FROM duologue_search(\(user), NULL, NULL, NULL, NULL, NULL, NULL, '1970-01-01', now() + interval '1 h',
                        1e9, now(), 1, 1, 10, \(Int32(window)), 10000)
                    """
                do {
                    let rows = try await fixture.sql { try await $0.query(query).count }
                    #expect(!isRefused && rows == 11)
                } catch let error as PostgresError {
                    #expect(isRefused && error.sqlstate == "57014")
                }
            }
        }
    }

    @Test func `what was put into the index waits in no list that searches would have to read`() async throws {
        try await StorageFixture.run { fixture, stores in
            var (random, said): (SplitMix64, [MessageID: (content: String, sender: UserID)]) = (
                SplitMix64(seed: 2), [:]
            )
            let users = try await stores.users(1)
            let chat = try await stores.group(of: users[0])
            try await fill(chat, 100, users, stores, &random, &said)
            let waiting = try await fixture.sql { client in
                _ = try await client.query("CREATE EXTENSION pgstattuple")
                let row = try await client.query("SELECT pending_tuples FROM pgstatginindex('search_documents_terms')")
                return try row.first?.decode(0, as: Int64.self)
            }
            #expect(waiting == 0)
        }
    }

    /// A word, its beginning, or some in quotes.
    private static func term(_ random: inout SplitMix64) -> String {
        let word = words.randomElement(using: &random) ?? ""
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return String(word.prefix(2))
        case 1: return "\"\(word) \(words.randomElement(using: &random) ?? "")\""
        default: return word
        }
    }

    private func pages(
        of criteria: SearchCriteria,
        for user: UserID,
        _ search: any MessageSearch
    ) async throws -> [MessageID] {
        var (found, cursor): ([MessageID], String?) = ([], nil)
        repeat {
            let page = try #require(try await search.search(criteria, for: user, limit: 97, cursor: cursor))
            found += page.items.map(\.message)
            cursor = page.next
        } while cursor != nil && found.count < 10_000
        return found
    }

    private func fill(
        _ chat: ChatID,
        _ count: Int,
        _ users: [UserID],
        _ stores: LoopStores,
        _ random: inout SplitMix64,
        _ said: inout [MessageID: (content: String, sender: UserID)]
    ) async throws {
        var rest = count
        while rest > 0 {
            let size = min(rest, 100)
            rest -= size
            let operations = (0..<size).map { _ in
                let words = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                    Self.words.randomElement(using: &random) ?? ""
                }
                return message(
                    words.joined(separator: " "),
                    to: chat,
                    from: users[Int.random(in: 0..<min(2, users.count), using: &random)]
                )
            }
            let batch = BatchID.random()
            let results = try await stores.commitLog.commit(batch, operations, dropping: [], wait: true)
            let images = try zip(operations, results).map { operation, result in
                guard case .committed(let allocation) = result,
                    let image = PostImages.messageImage(
                        of: CommittedOperation(operation: operation, allocation: allocation)
                    )
                else { throw StorageFixture.SetUpFailure() }
                return image
            }
            try await stores.commitLog.drop([batch])
            for image in images { said[image.id] = (image.content ?? "", image.sender) }
            try await stores.searchIndex.put(images.compactMap(SearchDocument.init), without: [])
        }
    }
}

/// What is erased.
@Suite(.realTime) struct SearchPurgeTests {
    @Test func `a purge leaves no word in the index`() async throws {
        try await StorageFixture.run { fixture, stores in
            let users = try await stores.users(1)
            let chat = try await stores.group(of: users[0])
            let sent = try await stores.send("secret", to: chat, from: users[0])
            try await stores.finish(sent)
            let image = try #require(sent.operations.first.flatMap(PostImages.messageImage(of:)))
            let document = try #require(SearchDocument(image))
            let deletion = OperationCodec.operation(
                chat: chat,
                actor: users[0],
                id: .random(),
                body: .deleteMessage(image)
            )
            let batch = BatchID.random()
            guard case .committed = try await stores.commit(deletion, as: batch) else {
                throw StorageFixture.SetUpFailure()
            }
            try await stores.commitLog.drop([batch])
            // The index is behind: it has not heard of the deletion.
            try await stores.searchIndex.put([document], without: [])
            await fixture.loop.sleep(for: .milliseconds(20))
            let purges = try await stores.purges.takePurges(olderThan: .milliseconds(1), limit: 10)
            #expect(purges.map(\.message) == [image.id])
            let count = try await fixture.sql { client in
                try await client.query("SELECT count(*) FROM search_documents").first?.decode(0, as: Int64.self)
            }
            #expect(count == 0)
        }
    }
}
