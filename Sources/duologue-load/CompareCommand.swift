internal import IOCore

/// `compare`: the server beside its bare statements, in one run.
struct CompareCommand: Command {
    static let name = "compare"
    static let summary = "alternate bare and server in one run and print the ratio"
    static let help = """
        usage: duologue-load compare [options]

        Alternates rounds of `bare` and `send` with the same numbers, so that both meet the same machine, and prints
        every round and the ratio of the sums. Needs a running server and the variables of `bare`.

          --url URL      a server process, may be repeated (default: DUOLOGUE_URLS, else http://127.0.0.1:PORT)
          --senders N    closed-loop callers (default 64)
          --chats N      chats they are spread over (default 8)
          --size N       bytes of a message (default 120)
          --rounds N     rounds of each (default 3)
          --seconds N    measured time of a round (default 10)
          --warmup N     seconds before each round (default 2)
          --require X    fail below this ratio of durable acks (default 0)

        Exit status: 0 no errors and the ratio suffices, 1 otherwise, 2 wrong usage.
        """

    private let servers: [ServerAddress]
    private let location: DirectStores.Location
    private let size: Crowd.Size
    private let rounds: Int
    private let length: Duration
    private let warmup: Duration
    private let required: Double

    init(_ arguments: inout Arguments, environment: [String: String]) throws(LoadError) {
        servers = try arguments.takeServers(environment)
        location = try DirectStores.Location(environment)
        size = try arguments.takeCrowdSize()
        rounds = try arguments.takeInteger("--rounds", default: 3, in: 1...1000)
        length = .seconds(try arguments.takeInteger("--seconds", default: 10, in: 1...86_400))
        warmup = .seconds(try arguments.takeInteger("--warmup", default: 2, in: 0...3600))
        required = try arguments.takeNumber("--require", default: 0, in: 0...10)
    }

    func run(_ tool: Tool) async throws -> Bool {
        try await tool.loop.run { _ in
            try await BareLoad.with(size, location, tool) { bare in
                let crowd = Crowd(size, servers: servers, tool: tool)
                defer { crowd.disperse() }
                try await crowd.gather()
                return try await compare(bare, crowd)
            }
        }
    }

    private func compare(_ bare: BareLoad, _ crowd: Crowd) async throws -> Bool {
        var table = Table(["round"] + LoadFigures.headings)
        var bareSum = LoadFigures()
        var serverSum = LoadFigures()
        for round in 1...rounds {
            let direct = try await bare.run(warmup: warmup, length: length)
            table.add(["\(round) bare"] + direct.row())
            bareSum.append(direct)
            let served = try await crowd.run(warmup: warmup, length: length)
            table.add(["\(round) server"] + served.row())
            serverSum.append(served)
        }
        table.add(["all bare"] + bareSum.row())
        table.add(["all server"] + serverSum.row())
        Output.line(table.text)
        for complaint in bareSum.complaints { Output.line("bare: \(complaint)") }
        for complaint in serverSum.complaints { Output.line("server: \(complaint)") }
        let ratio = bareSum.rate > 0 ? serverSum.rate / bareSum.rate : 0
        Output.line("server / bare, durable acks: \(Decimals.text(ratio, places: 2))")
        if ratio < required { Output.line("less than the \(Decimals.text(required, places: 2)) required") }
        return bareSum.errors.isEmpty && serverSum.errors.isEmpty && ratio >= required
    }
}
