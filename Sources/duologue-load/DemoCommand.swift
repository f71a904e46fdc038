internal import Domain
internal import IOCore

/// `demo`: replays real conversations and checks every delivery.
struct DemoCommand: Command {
    static let name = "demo"
    static let summary = "replay real conversations and check every delivery"
    static let help = """
        usage: duologue-load demo [options]

        Registers the people of a conversation, opens one group chat of them, one WebSocket each, and replays what they
        said. Every socket must receive every message once, in order, byte for byte; history must hold the same.

          --url URL      a server process, http://host:port; several share the sockets evenly
                         (default: DUOLOGUE_URLS, else http://127.0.0.1:PORT, else port 8080)
          --room FILE    a conversation as NDJSON, may be repeated (default: all of Tests/Fixtures/ubuntu-chat)
          --people N     the most people of a room who take part, 2 to 100 (default 100)
          --speed X      times as fast as they spoke; 0 is as fast as the window allows (default 0)
          --window N     messages that may be unanswered or not yet with everybody (default 64)
          --patience S   seconds after the last ack until a delivery counts as missing (default 30)

        Exit status: 0 all is well, 1 a fault was found or the server refused, 2 wrong usage.
        """

    private let servers: [ServerAddress]
    private let rooms: [String]
    private let people: Int
    private let pace: Replay.Pace

    init(_ arguments: inout Arguments, environment: [String: String]) throws(LoadError) {
        servers = try arguments.takeServers(environment)
        rooms = try arguments.takeRooms()
        people = try arguments.takeInteger("--people", default: 100, in: 2...100)
        pace = Replay.Pace(
            speed: try arguments.takeNumber("--speed", default: 0, in: 0...1_000_000),
            window: try arguments.takeInteger("--window", default: 64, in: 1...10_000),
            patience: .seconds(try arguments.takeInteger("--patience", default: 30, in: 1...3600))
        )
    }

    func run(_ tool: Tool) async throws -> Bool {
        var report = DemoReport()
        for (number, path) in rooms.enumerated() {
            let name = Self.roomName(path)
            let conversation: Conversation
            do throws(LoadError) {
                conversation = try Conversation(parsing: try Files.read(path))
            } catch {
                throw LoadError(error.code, "\(path): \(error.message)")
            }
            let cast = Cast(of: conversation, people: people)
            guard cast.nicks.count >= 2 else { throw LoadError(.system, "\(path): a chat needs two people") }
            let room = Room(name: name, cast: cast, run: "\(tool.run)\(number)", servers: servers, pace: pace)
            Output.line("\(name): \(cast.nicks.count) people, \(cast.lines.count) messages")
            report.add(name, cast, try await tool.loop.run { _ in try await room.play(tool) })
        }
        Output.line(report.text)
        return report.isFaultless
    }

    private static func roomName(_ path: String) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        return file.hasSuffix(".ndjson") ? String(file.dropLast(".ndjson".count)) : file
    }
}

extension Arguments {
    /// Takes the rooms to play: all of the fixtures where none is named.
    ///
    /// - Throws: `usage` where there is none.
    mutating func takeRooms() throws(LoadError) -> [String] {
        let rooms = try takeAll("--room")
        guard rooms.isEmpty else { return rooms }
        let fixtures = "Tests/Fixtures/ubuntu-chat"
        let files = try Files.list(fixtures).filter { $0.hasSuffix(".ndjson") }.map { "\(fixtures)/\($0)" }
        guard !files.isEmpty else { throw LoadError(.usage, "\(fixtures) holds no rooms; name one with --room") }
        return files
    }
}

/// One room's replay, from registration to the comparison with history.
private struct Room: Sendable {
    let name: String
    let cast: Cast
    let run: String
    let servers: [ServerAddress]
    let pace: Replay.Pace

    /// On the loop only.
    func play(_ tool: Tool) async throws -> DemoReport.Outcome {
        let accounts = Accounts(servers: servers, tool: tool)
        var usernames = Usernames(run: run)
        let people = try await accounts.make(cast.nicks.map { (usernames.make(from: $0), $0) })
        let chat = try await people[0].makeGroup("#ubuntu \(name)", with: people.dropFirst().map(\.id))
        let replay = Replay(chat: chat, people: people.count, pace: pace, loop: tool.loop)
        try await replay.openSockets(of: people, resolver: tool.resolver)
        defer { replay.close() }
        let senders = Dictionary(uniqueKeysWithValues: cast.nicks.enumerated().map { ($1, $0) })
        let result = await replay.run(cast.lines, senders: senders)
        let history = try await people[people.count - 1].history(of: chat)
        return DemoReport.Outcome(
            result: result,
            people: people.count,
            historyDifferences: HistoryComparison.differences(history, result.checker.messages)
        )
    }
}
