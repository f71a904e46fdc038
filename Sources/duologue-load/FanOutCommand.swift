internal import Domain
internal import Glibc
internal import IOCore
internal import Redis
internal import Storage
internal import Web

/// `fanout`: how fast one chat's events reach many sockets, beside a loop of send(2) with no server.
struct FanOutCommand: Command {
    static let name = "fanout"
    static let summary = "measure fan-out to the sockets of one chat beside a bare loop of send()"
    static let help = """
        usage: duologue-load fanout [options]

        Events of one chat, announced over Redis as another node would, go to many sockets, whose frames are counted
        only. Beside it, in turn, as many threads as the machine has cores send the same frames to as many sockets with
        nothing in between. With one event under way, which leaves the server nothing to coalesce but has each event wait
        for the way over Redis; with two, where the next is on its way meanwhile; and with many. The server's own count
        of its writes says how many deliveries one of them was. The events are made up, so the server must be one of its own for this. REDIS_URL is needed.

          --url URL       the server (default: the first of DUOLOGUE_URLS, else http://127.0.0.1:PORT)
          --sockets N     sockets (default 500)
          --rounds N      rounds (default 3)
          --seconds S     of each measurement (default 5)
          --window N      events under way where the server may coalesce (default 64)
          --single R      fail when the server reaches less than R hundredths of the bare loop with two events under way
          --many R        fail when it reaches less than R hundredths of it with many

        Exit status: 0 all is well, 1 too slow, or a socket was closed, 2 wrong usage.
        """

    private let server: ServerAddress
    private let sockets: Int
    private let rounds: Int
    private let length: Duration
    private let window: Int
    private let redisURL: String
    private let required: (single: Double, many: Double)

    private static let perUser = 10

    init(_ arguments: inout Arguments, environment: [String: String]) throws(LoadError) {
        guard let server = try arguments.takeServers(environment).first else {
            throw LoadError(.usage, "--url is needed")
        }
        self.server = server
        sockets = try arguments.takeInteger("--sockets", default: 500, in: 20...100_000)
        rounds = try arguments.takeInteger("--rounds", default: 3, in: 1...100)
        length = .seconds(try arguments.takeInteger("--seconds", default: 5, in: 1...600))
        window = try arguments.takeInteger("--window", default: 64, in: 2...400)
        let single = try arguments.takeInteger("--single", default: 0, in: 0...1_000)
        let many = try arguments.takeInteger("--many", default: 0, in: 0...1_000)
        required = (Double(single) / 100, Double(many) / 100)
        guard let url = environment["REDIS_URL"], !url.isEmpty else {
            throw LoadError(.usage, "REDIS_URL is not set; `make run` writes it to .local/env")
        }
        redisURL = url
    }

    func run(_ tool: Tool) async throws -> Bool {
        try DescriptorLimit.require(2 * sockets + 200)
        return try await tool.loop.run { _ in try await measure(tool) }
    }

    private func measure(_ tool: Tool) async throws -> Bool {
        let accounts = Accounts(servers: [server], tool: tool)
        let users = try await accounts.make(count: max(2, sockets / Self.perUser), named: "fan", run: tool.run)
        let others = users.dropFirst().map(\.id)
        let chat = try await users[0].makeGroup("fan \(tool.run)", with: others)
        let configuration = RedisConfiguration(url: try RedisURL(redisURL))
        let redis = RedisClient(configuration: configuration, loop: tool.loop, resolver: tool.resolver)
        let bound = LoopBound(redis, loop: tool.loop)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: tool.loop) {
                await tool.loop.actor.run { _ in await bound.value.run() }
            }
            let result: Result<Bool, any Error>
            do {
                result = .success(try await measure(users, chat, redis, tool))
            } catch {
                result = .failure(error)
            }
            await redis.shutdown()
            return try result.get()
        }
    }

    private func measure(_ users: [LoadUser], _ chat: ChatID, _ redis: RedisClient, _ tool: Tool) async throws -> Bool {
        let served = DrainedSockets(payloadBytes: AnnouncedEvents.payloadBytes, tool: tool)
        let bareSockets = DrainedSockets(payloadBytes: AnnouncedEvents.payloadBytes, tool: tool)
        let bare = try BareFanOut(threads: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))), tool: tool)
        defer {
            served.close()
            bareSockets.close()
            bare.close()
        }
        for index in 0..<sockets {
            let request = Self.request(as: users[index % users.count], at: server)
            try await served.open(host: server.host, port: server.port, sending: request)
            try await bareSockets.open(host: "127.0.0.1", port: bare.port)
        }
        await tool.loop.sleep(for: .seconds(3))
        let events = AnnouncedEvents(chat: chat, after: Offset(rawValue: 1), redis: redis, tool: tool)
        var table = Table([
            "under way", "bare deliveries/s", "server deliveries/s", "server / bare", "deliveries a write",
        ])
        var isFastEnough = true
        for (pace, required) in [
            (Pace(batch: 1, ahead: 0), 0), (Pace(batch: 1, ahead: 1), required.single),
            (Pace(batch: window, ahead: 0), required.many),
        ] {
            var (bareRates, servedRates): ([Double], [Double]) = ([], [])
            let before = try await writes(tool)
            for _ in 0..<rounds {
                bareRates.append(
                    try await rate(pace, bareSockets, tool) { try await bare.send(events.frame, times: $0) }
                )
                servedRates.append(try await rate(pace, served, tool) { await events.announce($0) })
            }
            let after = try await writes(tool)
            let (bareRate, servedRate) = (Self.median(bareRates), Self.median(servedRates))
            let ratio = servedRate / bareRate
            let perWrite = Double(after.deliveries - before.deliveries) / Double(after.writes - before.writes)
            isFastEnough = isFastEnough && ratio >= required
            table.add([
                String(pace.batch + pace.ahead), Decimals.text(bareRate, places: 0),
                Decimals.text(servedRate, places: 0),
                Decimals.text(ratio, places: 2), Decimals.text(perWrite, places: 2),
            ])
        }
        Output.line("\(sockets) sockets of one chat, frames of \(events.frame.count) bytes, median of \(rounds) rounds")
        Output.line(table.text)
        if served.closed > 0 { Output.line("\(served.closed) sockets were closed") }
        return isFastEnough && served.closed == 0
    }

    /// The server's own count, once what it did is in it.
    private func writes(_ tool: Tool) async throws -> (deliveries: Int, writes: Int) {
        await tool.loop.sleep(for: .seconds(2))
        return (
            try await ServerMetrics.sum(of: "duologue_deliveries_total", over: [server], tool),
            try await ServerMetrics.sum(of: "duologue_socket_writes_total", over: [server], tool)
        )
    }

    /// How many events are sent at once, and how many before those are through.
    private struct Pace {
        let batch: Int
        let ahead: Int
    }

    /// Deliveries a second at a pace.
    private func rate(
        _ pace: Pace,
        _ readers: DrainedSockets,
        _ tool: Tool,
        _ send: (Int) async throws -> Void
    ) async throws -> Double {
        let start = tool.loop.now
        let begun = readers.frames
        readers.pong()
        var sent = 0
        while tool.loop.now - start < length {
            try await send(pace.batch)
            sent += pace.batch
            guard await readers.wait(for: begun + (sent - pace.ahead) * sockets) else {
                throw LoadError(.contract, "not every socket got every event")
            }
        }
        guard await readers.wait(for: begun + sent * sockets) else {
            throw LoadError(.contract, "not every socket got every event")
        }
        return Double(sent * sockets) / (tool.loop.now - start).seconds
    }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    private static func request(as user: LoadUser, at server: ServerAddress) -> String {
        "GET /api/v1/ws HTTP/1.1\r\nHost: \(server.host):\(server.port)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            + "Authorization: Bearer \(user.accessToken)\r\n\r\n"
    }
}
