internal import IOCore

/// `reads`: what clients ask for most, of servers side by side.
struct ReadsCommand: Command {
    static let name = "reads"
    static let summary = "measure reads of servers that share their stores, one beside the other"
    static let help = """
        usage: duologue-load reads [options]

        Makes people and chats, then has readers ask for the same thing again and again, as fast as they are answered, in rounds that
        alternate between the servers. They are to share their stores and to differ in one setting alone, such as CACHE. Kinds are
        `page` (the newest 50 messages of a chat), `members` (the first 50 of it), `chat`, `list` (20 chats) and `profile`.

          --url URL      a server process, once for each (default: DUOLOGUE_URLS)
          --kinds LIST   what is read, separated by commas (default page,members,chat,list,profile)
          --readers N    connections that read at once (default 16)
          --writes N     messages a second, at most, sent to the chat meanwhile, one by one (default 0)
          --messages N   messages in the chat before (default 200)
          --members N    members of the chats (default 50)
          --rounds N     rounds of each (default 3)
          --seconds N    measured time of a round (default 4)

        Exit status: 0 no errors, 1 otherwise, 2 wrong usage.
        """

    private let servers: [ServerAddress]
    private let kinds: [ReadLoad.Kind]
    private let size: ReadLoad.Size
    private let rounds: Int
    private let length: Duration

    init(_ arguments: inout Arguments, environment: [String: String]) throws(LoadError) {
        servers = try arguments.takeServers(environment)
        let names = try arguments.take("--kinds")?.split(separator: ",").map(String.init)
        kinds = try (names ?? ReadLoad.Kind.allCases.map(\.rawValue)).map { name throws(LoadError) in
            guard let kind = ReadLoad.Kind(rawValue: name) else { throw LoadError(.usage, "--kinds \(name): no kind") }
            return kind
        }
        size = ReadLoad.Size(
            readers: try arguments.takeInteger("--readers", default: 16, in: 1...10_000),
            writes: try arguments.takeInteger("--writes", default: 0, in: 0...10_000),
            messages: try arguments.takeInteger("--messages", default: 200, in: 1...100_000),
            members: try arguments.takeInteger("--members", default: 50, in: 2...1_000)
        )
        rounds = try arguments.takeInteger("--rounds", default: 3, in: 1...1_000)
        length = .seconds(try arguments.takeInteger("--seconds", default: 4, in: 1...3_600))
    }

    func run(_ tool: Tool) async throws -> Bool {
        try await tool.loop.run { _ in
            let load = ReadLoad(size, servers: servers, tool: tool)
            defer { load.close() }
            try await load.prepare()
            return try await measure(load)
        }
    }

    private func measure(_ load: ReadLoad) async throws -> Bool {
        var table = Table(["read", "server", "answers/s", "p50", "p99", "errors"])
        var isWhole = true
        for kind in kinds {
            var sums = servers.map { _ in LoadFigures() }
            for _ in 0..<rounds {
                for index in servers.indices {
                    sums[index].append(try await load.run(kind, on: index, for: length))
                }
            }
            for (server, sum) in zip(servers, sums) {
                let row = sum.row()
                table.add([kind.rawValue, "\(server)", row[1], row[2], row[3], row[5]])
                for complaint in sum.complaints { Output.line("\(kind.rawValue) of \(server): \(complaint)") }
                isWhole = isWhole && sum.errors.isEmpty
            }
            guard let last = sums.last, servers.count > 1, last.rate > 0 else { continue }
            table.add([kind.rawValue, "first / last", Decimals.text(sums[0].rate / last.rate, places: 2), "", "", ""])
        }
        Output.line(table.text)
        return isWhole
    }
}
