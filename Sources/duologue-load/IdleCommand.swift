internal import Domain
internal import IOCore

/// `idle`: what an idle, authenticated socket costs the server.
struct IdleCommand: Command {
    static let name = "idle"
    static let summary = "measure the server's memory for an idle socket"
    static let help = """
        usage: duologue-load idle --pid PID [options]

        Opens and closes a few sockets so that the server has warmed up, reads its resident memory, opens the sockets,
        waits, and reads it again. Every user is a member of three chats. At the end every socket must still answer a
        ping. The server should be freshly started, or memory that an earlier load left free hides the cost; its limits
        of sockets for a user and an address must allow them.

          --url URL       a server process, may be repeated (default: DUOLOGUE_URLS, else http://127.0.0.1:PORT)
          --pid PID       the server's process, once for each --url
          --sockets N     sockets (default 5000)
          --per-user N    sockets of each user (default 50)
          --wait S        seconds to wait before memory is read (default 5)
          --compress      offer permessage-deflate
          --limit BYTES   fail above so many bytes a socket (default: no limit)

        Exit status: 0 all is well, 1 the limit is passed or sockets were lost, 2 wrong usage.
        """

    private let servers: [ServerAddress]
    private let processes: [Int]
    private let sockets: Int
    private let perUser: Int
    private let wait: Duration
    private let limit: Int
    private let compresses: Bool

    init(_ arguments: inout Arguments, environment: [String: String]) throws(LoadError) {
        servers = try arguments.takeServers(environment)
        processes = try arguments.takeAll("--pid").map { text throws(LoadError) in
            guard let process = Int(text), process > 0 else { throw LoadError(.usage, "--pid \(text): a process id") }
            return process
        }
        guard !processes.isEmpty else { throw LoadError(.usage, "--pid is needed: whose memory is to be read") }
        sockets = try arguments.takeInteger("--sockets", default: 5000, in: 1...1_000_000)
        perUser = try arguments.takeInteger("--per-user", default: 50, in: 1...100_000)
        wait = .seconds(try arguments.takeInteger("--wait", default: 5, in: 0...3600))
        compresses = arguments.takeSwitch("--compress")
        limit = try arguments.takeInteger("--limit", default: .max, in: 1 ... .max)
    }

    func run(_ tool: Tool) async throws -> Bool {
        try DescriptorLimit.require(sockets + 100)
        return try await tool.loop.run { _ in try await measure(tool) }
    }

    private func measure(_ tool: Tool) async throws -> Bool {
        let accounts = Accounts(servers: servers, tool: tool)
        let userCount = max(2, (sockets + perUser - 1) / perUser)
        let users = try await accounts.make(count: userCount, named: "idle", run: tool.run)
        try await makeChats(of: users, tool)

        let warm = IdleSockets(users: users, compresses: compresses, tool: tool)
        try await warm.open(min(sockets, 50))
        await warm.close()
        await tool.loop.sleep(for: wait)
        let before = try residentBytes()

        let idle = IdleSockets(users: users, compresses: compresses, tool: tool)
        try await idle.open(sockets / 2)
        await tool.loop.sleep(for: wait)
        let half = try residentBytes()
        try await idle.open(sockets - sockets / 2)
        await tool.loop.sleep(for: wait)
        let after = try residentBytes()
        let answering = await idle.ping()
        await idle.close()
        return report(before, half, after, answering)
    }

    /// What counts is the dearer of all sockets and the second half: the first may fill memory that lay free before.
    private func report(_ before: Int, _ half: Int, _ after: Int, _ answering: Int) -> Bool {
        let overall = Double(after - before) / Double(sockets)
        let marginal = Double(after - half) / Double(sockets - sockets / 2)
        let each = max(overall, marginal)
        var table = Table([
            "idle sockets", "answering", "resident before", "with half", "with all", "bytes a socket",
            "in the second half",
        ])
        let kibibytes = [before, half, after].map { Decimals.text(Double($0) / 1024, places: 0) + " KiB" }
        let bytes = [overall, marginal].map { Decimals.text($0, places: 0) }
        table.add([String(sockets), String(answering)] + kibibytes + bytes)
        Output.line(table.text)
        if answering < sockets { Output.line("\(sockets - answering) sockets were lost or did not answer a ping") }
        if each > Double(limit) { Output.line("more than the limit of \(limit) bytes a socket") }
        return answering == sockets && each <= Double(limit)
    }

    private func residentBytes() throws(LoadError) -> Int {
        var sum = 0
        for process in processes { sum += try ProcessMemory.residentBytes(of: process) }
        return sum
    }

    /// Every user is in three chats, each of up to 50 neighbours.
    private func makeChats(of users: [LoadUser], _ tool: Tool) async throws {
        for number in 0..<3 {
            for start in stride(from: 0, to: users.count, by: 50) {
                let group = users[start..<min(start + 50, users.count)]
                guard let founder = group.first else { continue }
                let name = "idle \(tool.run) \(number) \(start)"
                _ = try await founder.makeGroup(name, with: group.dropFirst().map(\.id))
            }
        }
    }
}
