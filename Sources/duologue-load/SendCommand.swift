internal import IOCore

/// `send`: closed-loop senders over WebSocket.
struct SendCommand: Command {
    static let name = "send"
    static let summary = "load the server with closed-loop senders over WebSocket"
    static let help = """
        usage: duologue-load send [options]

        Every sender has its own user and socket and sends the next message when the last one is acked, which means that
        both stores hold it. Prints durable acks per second and ack latency.

          --url URL        a server process, may be repeated (default: DUOLOGUE_URLS, else http://127.0.0.1:PORT)
          --senders N      closed-loop senders (default 64)
          --chats N        chats they are spread over (default 8)
          --size N         bytes of a message (default 120)
          --seconds N      measured time (default 30)
          --warmup N       seconds before it (default 2)
          --journal FILE   write every acked message to FILE, and outlive the server: sockets that close are opened
                           again and what was not acked is sent again under its id; see: duologue-load verify --help
          --patience S     seconds after the end for what is unanswered (default 10, with --journal 60)

        Exit status: 0 no errors (with --journal: everything was answered in the end), 1 errors, 2 wrong usage.
        """

    private let servers: [ServerAddress]
    private let size: Crowd.Size
    private let length: Duration
    private let warmup: Duration
    private let journal: String?
    private let patience: Sender.Patience

    init(_ arguments: inout Arguments, environment: [String: String]) throws(LoadError) {
        servers = try arguments.takeServers(environment)
        size = try arguments.takeCrowdSize()
        length = .seconds(try arguments.takeInteger("--seconds", default: 30, in: 1...86_400))
        warmup = .seconds(try arguments.takeInteger("--warmup", default: 2, in: 0...3600))
        journal = try arguments.take("--journal")
        let settling = try arguments.takeInteger("--patience", default: journal == nil ? 10 : 60, in: 0...3600)
        patience = Sender.Patience(settling: .seconds(settling))
    }

    func run(_ tool: Tool) async throws -> Bool {
        let figures = try await tool.loop.run { _ in
            let journal = try journal.map { path throws(LoadError) in try Journal(path: path) }
            let crowd = Crowd(size, servers: servers, tool: tool)
            defer { crowd.disperse() }
            try await crowd.gather(patience: patience, journal: journal)
            Output.line("\(size.senders) senders in \(size.chats) chats, \(size.contentBytes) bytes a message")
            return try await crowd.run(warmup: warmup, length: length)
        }
        var table = Table(["load"] + LoadFigures.headings)
        table.add(["websocket"] + figures.row())
        Output.line(table.text)
        for complaint in figures.complaints { Output.line(complaint) }
        if journal != nil { return figures.unsettled == 0 }
        return figures.errors.isEmpty && figures.unsettled == 0 && figures.acked > 0
    }
}

extension Arguments {
    /// Takes the options that say how large a closed-loop load is.
    ///
    /// - Throws: `usage`.
    mutating func takeCrowdSize() throws(LoadError) -> Crowd.Size {
        let size = Crowd.Size(
            senders: try takeInteger("--senders", default: 64, in: 1...10_000),
            chats: try takeInteger("--chats", default: 8, in: 1...10_000),
            contentBytes: try takeInteger("--size", default: 120, in: 1...10_000)
        )
        guard size.chats <= size.senders else { throw LoadError(.usage, "--chats: at most one for each sender") }
        return size
    }
}
