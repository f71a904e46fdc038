internal import Domain
internal import Messaging
internal import Search
internal import Testing

extension StoreScenario {
    /// What is promised of searching messages.
    static let searchScenarios: [StoreScenario] = [
        StoreScenario("a message is found by its words, in chats that the user is in now") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let (chat, other) = (try await ports.group(ada, bob), try await ports.group(ada))
            try await ports.finish(
                ports.say("The Café opens", chat, ada),
                ports.say("closed", chat, bob),
                ports.say("café", other, ada)
            )
            try await ports.index(chat, other)
            #expect(try await ports.found("cafe", bob) == [id(chat, 1)])
            #expect(try await ports.found("caf open", bob) == [id(chat, 1)])
            #expect(try await ports.found("cafe", ada) == [id(chat, 1), id(other, 1)])
            #expect(try await ports.found("cafe", ada, in: other) == [id(other, 1)])
            #expect(try await ports.found("cafe", eve) == [])
            #expect(try await ports.search.search(query("cafe", in: chat), for: eve.id, limit: 9, cursor: nil) == nil)
            try await ports.finish(ports.operation(chat, ada, .removeParticipant(bob.id)))
            #expect(try await ports.found("cafe", bob) == [])
            #expect(try await ports.search.search(query("cafe", in: chat), for: bob.id, limit: 9, cursor: nil) == nil)
            try await ports.finish(ports.add(bob, chat, ada))
            #expect(try await ports.found("cafe", bob) == [id(chat, 1)])
        },
        StoreScenario("what is edited, deleted or hidden is found no longer, whatever the index says") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            for text in ["word one", "word two", "word three"] { try await ports.finish(ports.say(text, chat, ada)) }
            try await ports.index(chat)
            #expect(try await ports.found("word", bob).count == 3)
            let reader = HistoryReader(history: ports.history, bodies: ports.bodies)
            let one = try await reader.image(of: id(chat, 1), for: ada.id)
            try await ports.finish(ports.operation(chat, ada, .editMessage(MessageEdit(content: "changed"), of: one)))
            let two = try await reader.image(of: id(chat, 2), for: ada.id)
            try await ports.finish(ports.operation(chat, ada, .deleteMessage(two)))
            #expect(try await ports.personal.hide(id(chat, 3), true, for: bob.id) == .done)
            #expect(try await ports.found("word", bob) == [])
            #expect(try await ports.found("word", ada) == [id(chat, 3)])
            try await ports.index(chat)
            #expect(try await ports.found("changed", bob) == [id(chat, 1)])
            #expect(try await ports.found("word", ada) == [id(chat, 3)])
            let tombstone = try await reader.image(of: id(chat, 2), for: ada.id)
            try await ports.finish(ports.operation(chat, ada, .restoreMessage(tombstone)))
            try await ports.index(chat)
            #expect(try await ports.found("two", bob) == [id(chat, 2)])
            #expect(try await ports.personal.hide(id(chat, 3), false, for: bob.id) == .done)
            #expect(try await ports.found("word", bob) == [id(chat, 2), id(chat, 3)])
        },
        StoreScenario("filters narrow what is found, and do without words") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            let file = Attachment(mediaID: "m", kind: "file", name: "f", contentType: "a/b", sizeBytes: 1)
            try await ports.finish(
                ports.say("see https://example.org/x", chat, ada),
                ports.operation(chat, bob, .createMessage(MessageDraft(content: "see this", attachments: [file]))),
                ports.say("see http:// and nothing", chat, bob)
            )
            try await ports.index(chat)
            let all = [id(chat, 1), id(chat, 2), id(chat, 3)]
            #expect(try await ports.found("see has:link", ada) == [all[0]])
            #expect(try await ports.found("has:file", ada) == [all[1]])
            #expect(try await ports.found("from:me", bob) == [all[1], all[2]])
            #expect(try await ports.found("from:\(bob.username.uppercased()) nothing", ada) == [all[2]])
            #expect(try await ports.found("from:nobody-at-all see", ada) == [])
            #expect(try await ports.found("see -nothing", ada) == [all[0], all[1]])
            #expect(try await ports.found(#"see -"this""#, ada) == [all[0], all[2]])
            #expect(try await ports.found("in:\(chat)", ada) == all)
            #expect(try await ports.found("see before:2020-01-01", ada) == [])
            #expect(try await ports.found("see after:2020-01-01", ada) == all)
            #expect(try await ports.found("in:\(chat) after:2020-01-01 before:2500-01-01", ada) == all)
        },
        StoreScenario("what has no body yet waits, and so does what is leased to another") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            try await ports.finish(ports.say("early word", chat, ada))
            let (batch, operation) = (BatchID.random(), ports.say("late word", chat, ada))
            let results = try await ports.commit([operation], as: batch)
            let indexer = SearchIndexer(index: ports.searchIndex, bodies: ports.bodies)
            let first = try await indexer.step([chat])
            #expect(first.messages == 1 && first.waiting == [chat] && first.more == [])
            #expect(try await ports.found("word", ada) == [id(chat, 1)])
            let before = ChatID(rawValue: chat.rawValue - 1)
            #expect(try await ports.searchIndex.slice(after: before, limit: 1).behind == [chat])
            let allocation = try #require(results.first?.allocation)
            let committed = CommittedOperation(operation: operation, allocation: allocation)
            try await ports.bodies.apply(PostImages.documents(of: committed))
            let tasks = try await ports.searchIndex.take([chat], events: 100, lease: .seconds(60))
            #expect(tasks.map(\.changes) == [[SearchHit(id(chat, 2), Offset(rawValue: 3))]])
            #expect(try await indexer.step([chat]).messages == 0)
            #expect(try await ports.searchIndex.finish(tasks) == [])
            #expect(try await ports.searchIndex.finish(tasks) == [])
            #expect(try await ports.searchIndex.slice(after: before, limit: 1).behind == [])
            #expect(try await ports.searchIndex.slice(after: ChatID(rawValue: 1 << 52), limit: 1).last == nil)
            #expect(try await ports.found("late", ada) == [])
            while try await !indexer.rebuildStep().isDone {}
            #expect(try await ports.found("late", ada) == [id(chat, 2)])
            try await ports.log.drop([batch])
        },
        StoreScenario("a step ends after many words, and the chats it did not come to are the next") { ports in
            let ada = try await ports.someone()
            let (long, short) = (try await ports.group(ada), try await ports.group(ada))
            // 5,000 words each, of 50,000 that a step takes.
            let text = String(repeating: "x ", count: 5_000)
            for _ in 0..<12 { try await ports.finish(ports.say(text, long, ada)) }
            try await ports.finish(ports.say("word", short, ada))
            let indexer = SearchIndexer(index: ports.searchIndex, bodies: ports.bodies)
            let first = try await indexer.step([long, short])
            #expect((1..<12).contains(first.messages) && first.more == [short, long])
            let second = try await indexer.step(first.more)
            #expect(first.messages + second.messages == 13 && second.more == [])
            #expect(try await ports.found("x", ada).count == 12)
            #expect(try await ports.found("word", ada) == [id(short, 1)])
        },
        StoreScenario("a message whose body is missing is left out of those that are found") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            try await ports.finish(ports.say("first", chat, ada))
            let (batch, operation) = (BatchID.random(), ports.say("second", chat, ada))
            let results = try await ports.commit([operation], as: batch)
            let allocation = try #require(results.first?.allocation)
            try await ports.log.drop([batch])
            try await ports.finish(ports.say("third", chat, ada))
            let reader = HistoryReader(history: ports.history, bodies: ports.bodies)
            let asked = [id(chat, 1), id(chat, 2), id(chat, 3)]
            let code = await failure { _ = try await reader.messages(asked, for: ada.id) }
            #expect(code == .storeUnavailable)
            let readable = try await reader.readableMessages(asked, for: ada.id)
            #expect(Set(readable.keys) == [asked[0], asked[2]])
            let committed = CommittedOperation(operation: operation, allocation: allocation)
            try await ports.bodies.apply(PostImages.documents(of: committed))
            #expect(try await reader.readableMessages(asked, for: ada.id).count == 3)
        },
        StoreScenario("what is purged is found no longer") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            try await ports.finish(ports.say("secret", chat, ada))
            try await ports.index(chat)
            let reader = HistoryReader(history: ports.history, bodies: ports.bodies)
            let image = try await reader.image(of: id(chat, 1), for: ada.id)
            try await ports.finish(ports.operation(chat, ada, .deleteMessage(image)))
            try await ports.pass(20)
            let purges = try await ports.purges.takePurges(olderThan: .milliseconds(1), limit: 100)
            #expect(purges.map(\.message).contains(id(chat, 1)))
            #expect(try await ports.found("secret", ada) == [])
        },
        StoreScenario("pages show every hit once") { ports in
            let ada = try await ports.someone()
            let chats = [try await ports.group(ada), try await ports.group(ada)]
            for number in 0..<10 { try await ports.finish(ports.say("word \(number)", chats[number % 2], ada)) }
            try await ports.index(chats[0], chats[1])
            var (found, cursor): ([MessageID], String?) = ([], nil)
            repeat {
                let page = try await ports.search.search(query("word"), for: ada.id, limit: 3, cursor: cursor)
                found += try #require(page).items.map(\.message)
                // What is said meanwhile changes nothing about the pages to come.
                if cursor == nil {
                    try await ports.finish(ports.say("a word more", chats[1], ada))
                }
                cursor = page?.next
            } while cursor != nil && found.count < 30
            #expect(found.count == 10 && Set(found).count == 10)
            let code = await failure {
                _ = try await ports.search.search(query("word"), for: ada.id, limit: 3, cursor: "?")
            }
            #expect(code == .invalidValue)
        },
    ]

    private static func id(_ chat: ChatID, _ sequence: Int64) -> MessageID {
        MessageID(chat: chat, sequence: SequenceNumber(rawValue: sequence))
    }
}

private func query(_ text: String, in chat: ChatID? = nil) throws -> SearchCriteria {
    var criteria = try SearchQueryParser.parse(text)
    if let chat { criteria.chat = chat }
    return criteria
}

extension StorePorts {
    /// Indexes all that is announced in these chats.
    func index(_ chats: ChatID...) async throws {
        let indexer = SearchIndexer(index: searchIndex, bodies: bodies)
        var rest = chats
        while !rest.isEmpty { rest = try await indexer.step(rest).more }
    }

    /// All that a query finds, ascending.
    func found(_ text: String, _ user: User, in chat: ChatID? = nil) async throws -> [MessageID] {
        var (found, cursor): ([MessageID], String?) = ([], nil)
        // A search that would take too long goes on in another page.
        repeat {
            let page = try await search.search(query(text, in: chat), for: user.id, limit: 100, cursor: cursor)
            found += try #require(page).items.map(\.message)
            cursor = page?.next
        } while cursor != nil
        return found.sorted { ($0.chat, $0.sequence) < ($1.chat, $1.sequence) }
    }
}
