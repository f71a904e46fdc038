internal import Domain
internal import IOCore

/// `realtime`: delivery to many sockets, and what happens when half of them come back at once.
struct RealtimeCommand: Command {
    static let name = "realtime"
    static let summary = "measure delivery to many sockets, and a storm of clients that resume"
    static let help = """
        usage: duologue-load realtime --pid PID [options]

        Opens sockets of a tenth as many users; every user is in a chat of 10, one of 100 and one of 1,000 members. Each
        chat gets one message a second. Then as many sockets as asked for join that never read. Then half of the sockets are cut at once and come back two seconds later, over
        a second, resuming from what they have seen. Every socket checks that each chat's events come once, in order
        and without a hole, before and after.

          --url URL       a server process, may be repeated (default: DUOLOGUE_URLS, else http://127.0.0.1:PORT)
          --pid PID       the server's process, once for each --url
          --sockets N     sockets (default 10000)
          --storm N       how many of them come back at once (default half)
          --deaf N        sockets that never read (default 200)
          --seconds S     how long deliveries are measured (default 20)
          --size BYTES    of a message (default 120)

        Exit status: 0 all is well, 1 an event was missing, doubled or out of order, or a socket was lost, 2 wrong usage.
        """

    private let servers: [ServerAddress]
    private let processes: [Int]
    private let sockets: Int
    private let storm: Int
    private let deaf: Int
    private let length: Duration
    private let size: Int

    private static let perUser = 10
    private static let sizes = [10, 100, 1_000]

    init(_ arguments: inout Arguments, environment: [String: String]) throws(LoadError) {
        servers = try arguments.takeServers(environment)
        processes = try arguments.takeAll("--pid").map { text throws(LoadError) in
            guard let process = Int(text), process > 0 else { throw LoadError(.usage, "--pid \(text): a process id") }
            return process
        }
        sockets = try arguments.takeInteger("--sockets", default: 10_000, in: 100...1_000_000)
        storm = try arguments.takeInteger("--storm", default: sockets / 2, in: 0...sockets)
        deaf = try arguments.takeInteger("--deaf", default: 200, in: 0...10_000)
        length = .seconds(try arguments.takeInteger("--seconds", default: 20, in: 1...3600))
        size = try arguments.takeInteger("--size", default: 120, in: 20...9_000)
    }

    func run(_ tool: Tool) async throws -> Bool {
        try DescriptorLimit.require(sockets + 1_000)
        return try await tool.loop.run { _ in try await measure(tool) }
    }

    private func measure(_ tool: Tool) async throws -> Bool {
        let accounts = Accounts(servers: servers, tool: tool)
        let users = try await accounts.make(count: sockets / Self.perUser, named: "crowd", run: tool.run)
        let chats = try await makeChats(of: users, tool)
        let before = try residentBytes()
        let crowd = RealtimeCrowd(users: users, tool: tool)
        defer { crowd.close() }
        try await crowd.open(sockets, chats: chats)
        await tool.loop.sleep(for: .seconds(2))
        let idle = try residentBytes()

        crowd.send(bytes: size)
        await tool.loop.sleep(for: .seconds(3))
        var table = Table(["sockets", "deaf", "chats", "deliveries/s", "p50", "p99", "bytes a socket"])
        for isDeafened in [false, true] {
            if isDeafened { try await crowd.openDeaf(deaf) }
            _ = crowd.takeFigures()
            await tool.loop.sleep(for: length)
            var (delivered, latencies) = crowd.takeFigures()
            let memory = Double((isDeafened ? try residentBytes() : idle) - before) / Double(sockets)
            table.add([
                String(sockets), isDeafened ? String(deaf) : "0", String(chats.count),
                Decimals.text(Double(delivered) / length.seconds, places: 0), latencies.text(50), latencies.text(99),
                Decimals.text(memory, places: 0),
            ])
        }
        Output.line(table.text)
        try await stormReport(crowd, tool)
        crowd.stop()
        await tool.loop.sleep(for: .seconds(2))
        for (fault, count) in crowd.faults.sorted(by: { $0.value > $1.value }).prefix(10) {
            Output.line("\(count) × \(fault)")
        }
        return crowd.faults.isEmpty
    }

    private func stormReport(_ crowd: RealtimeCrowd, _ tool: Tool) async throws {
        guard storm > 0 else { return }
        let before = try await queries(tool)
        var (all, each) = try await crowd.storm(storm, away: .seconds(2), spread: .seconds(1))
        let after = try await queries(tool)
        var table = Table(["resumed at once", "until the last", "each p50", "each p99", "store queries a resume"])
        table.add([
            String(storm), Decimals.text(all.seconds, places: 2) + " s", each.text(50), each.text(99),
            Decimals.text(Double(after - before) / Double(storm), places: 1),
        ])
        Output.line(table.text)
    }

    /// Every user is in a chat of each size; the first of a chat founds it.
    private func makeChats(
        of users: [LoadUser],
        _ tool: Tool
    ) async throws -> [(chat: Int64, founder: LoadUser)] {
        var chats: [(chat: Int64, founder: LoadUser)] = []
        for size in Self.sizes {
            for start in stride(from: 0, to: users.count, by: size) {
                let group = users[start..<min(start + size, users.count)]
                guard let founder = group.first else { continue }
                let name = "crowd \(tool.run) \(size) \(start)"
                let chat = try await founder.makeGroup(name, with: group.dropFirst().map(\.id))
                chats.append((chat.rawValue, founder))
            }
        }
        return chats
    }

    private func residentBytes() throws(LoadError) -> Int {
        var sum = 0
        for process in processes { sum += try ProcessMemory.residentBytes(of: process) }
        return sum
    }

    /// What the servers have asked their stores so far, by their own count.
    private func queries(_ tool: Tool) async throws -> Int {
        try await ServerMetrics.sum(of: "duologue_store_seconds_count", over: servers, tool)
    }
}
