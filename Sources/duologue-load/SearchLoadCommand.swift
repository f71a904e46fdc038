internal import IOCore

/// `search`: queries a second over many messages.
struct SearchLoadCommand: Command {
    static let name = "search"
    static let summary = "fill many messages into stores and index, and measure searching them over REST"
    static let help = """
        usage: duologue-load search [options]

        Makes users and chats, the largest with thousands of messages and most with few, writes what people really said into them straight
        to the stores and the index, by the server's own statements, and then searches as those users: single words, two words, phrases,
        beginnings of words and Chinese and Japanese, each in one chat and in all chats of the user. Words are drawn as often as they occur.
        Needs a running server, POSTGRESQL_URL, MONGODB_URL and MONGODB_NAME.

          --url URL        a server process, may be repeated (default: DUOLOGUE_URLS, else http://127.0.0.1:PORT)
          --room FILE      a conversation as NDJSON to draw from, may be repeated (default: all of Tests/Fixtures/ubuntu-chat)
          --messages N     how many (default 1000000)
          --chats N        chats they are spread over (default 2000)
          --users N        users in those chats (default 200)
          --callers N      searches under way at once (default 16)
          --limit N        hits of a page (default 20)
          --seconds N      measured time of each kind, and of the mix (default 10)
          --require N      fail below so many mixed queries a second (default 0)

        Exit status: 0 no errors and fast enough, 1 otherwise, 2 wrong usage.
        """

    private let servers: [ServerAddress]
    private let location: DirectStores.Location
    private let rooms: [String]
    private let size: SearchFilling.Size
    private let callers: Int
    private let limit: Int
    private let length: Duration
    private let required: Int

    init(_ arguments: inout Arguments, environment: [String: String]) throws(LoadError) {
        servers = try arguments.takeServers(environment)
        location = try DirectStores.Location(environment)
        rooms = try arguments.takeRooms()
        size = SearchFilling.Size(
            messages: try arguments.takeInteger("--messages", default: 1_000_000, in: 1...100_000_000),
            chats: try arguments.takeInteger("--chats", default: 2_000, in: 1...1_000_000),
            users: try arguments.takeInteger("--users", default: 200, in: 50...100_000)
        )
        callers = try arguments.takeInteger("--callers", default: 16, in: 1...1_000)
        limit = try arguments.takeInteger("--limit", default: 20, in: 1...100)
        length = .seconds(try arguments.takeInteger("--seconds", default: 10, in: 1...3600))
        required = try arguments.takeInteger("--require", default: 0, in: 0...1_000_000)
    }

    func run(_ tool: Tool) async throws -> Bool {
        var lines: [String] = []
        for path in rooms { lines += try Conversation(parsing: try Files.read(path)).lines.map(\.content) }
        let texts = SearchTexts(lines: lines)
        guard !texts.lines.isEmpty else { throw LoadError(.usage, "nothing was said in the rooms") }
        return try await tool.loop.run { _ in
            let people = try await Accounts(servers: servers, tool: tool).make(
                count: size.users,
                named: "searcher",
                run: tool.run
            )
            let begun = tool.loop.now
            let chats = try await DirectStores.with(location, tool) { stores in
                try await SearchFilling(stores: stores, texts: texts, people: people.map(\.id)).fill(size)
            }
            let seconds = Int((tool.loop.now - begun).seconds)
            Output.line("\(size.messages) messages in \(size.chats) chats, written and indexed in \(seconds) s")
            return try await measure(people, chats, texts, tool)
        }
    }

    private func measure(
        _ people: [LoadUser],
        _ chats: [SearchFilling.Chat],
        _ texts: SearchTexts,
        _ tool: Tool
    ) async throws -> Bool {
        let round = SearchRound(people: people, chats: chats, texts: texts, callers: callers, limit: limit, tool: tool)
        _ = try await round.run(SearchTexts.Kind.allCases, for: .seconds(2))
        var table = Table(["queries", "a second", "p50", "p99", "hits each", "errors"])
        var isFaultless = true
        for kinds in SearchTexts.Kind.allCases.map({ [$0] }) + [SearchTexts.Kind.allCases] {
            let figures = try await round.run(kinds, for: length)
            table.add([kinds.count == 1 ? kinds[0].rawValue : "all of these"] + figures.row())
            isFaultless = isFaultless && figures.errors.isEmpty
            for (error, count) in figures.errors { Output.line("\(kinds.map(\.rawValue)): \(count) x \(error)") }
            if kinds.count > 1, figures.rate < Double(required) {
                Output.line("fewer than the \(required) queries a second required")
                isFaultless = false
            }
        }
        Output.line(table.text)
        return isFaultless
    }
}
