internal import IOCore

/// `bare`: the server's statements without the server.
struct BareCommand: Command {
    static let name = "bare"
    static let summary = "drive the server's statements with no server, for comparison"
    static let help = """
        usage: duologue-load bare [options]

        Drives the same SQL and the same MongoDB bulk under the same batching rule with as many closed-loop callers, on
        one loop, straight at the stores. Reads POSTGRESQL_URL, MONGODB_URL and MONGODB_NAME. The schema must be there;
        the run leaves its users and chats behind.

          --senders N    closed-loop callers (default 64)
          --chats N      chats they are spread over (default 8)
          --size N       bytes of a message (default 120)
          --seconds N    measured time (default 30)
          --warmup N     seconds before it (default 2)

        Exit status: 0 no errors, 1 errors, 2 wrong usage.
        """

    private let location: DirectStores.Location
    private let size: Crowd.Size
    private let length: Duration
    private let warmup: Duration

    init(_ arguments: inout Arguments, environment: [String: String]) throws(LoadError) {
        location = try DirectStores.Location(environment)
        size = try arguments.takeCrowdSize()
        length = .seconds(try arguments.takeInteger("--seconds", default: 30, in: 1...86_400))
        warmup = .seconds(try arguments.takeInteger("--warmup", default: 2, in: 0...3600))
    }

    func run(_ tool: Tool) async throws -> Bool {
        let figures = try await tool.loop.run { _ in
            try await BareLoad.with(size, location, tool) { try await $0.run(warmup: warmup, length: length) }
        }
        var table = Table(["load"] + LoadFigures.headings)
        table.add(["bare"] + figures.row())
        Output.line(table.text)
        for complaint in figures.complaints { Output.line(complaint) }
        return figures.errors.isEmpty && figures.acked > 0
    }
}
