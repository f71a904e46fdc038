internal import Domain
internal import IOCore
internal import Web

/// People and chats to be read, and who reads them.
///
/// Loop-bound.
final class ReadLoad {
    /// What is asked for.
    enum Kind: String, CaseIterable {
        case page, members, chat, list, profile
    }

    /// How many of what.
    struct Size: Sendable {
        var readers: Int
        /// Messages a second.
        var writes: Int
        var messages: Int
        var members: Int
    }

    private static let chatCount = 20
    private static let warmup = Duration.milliseconds(500)
    private let size: Size
    private let servers: [ServerAddress]
    private let tool: Tool
    private var users: [LoadUser] = []
    private var chat = ChatID(rawValue: 0)
    /// One connection for each reader to each server, and one more that writes.
    private var connections: [[HTTPClient]] = []
    private var figures = LoadFigures()

    init(_ size: Size, servers: [ServerAddress], tool: Tool) {
        self.size = size
        self.servers = servers
        self.tool = tool
    }

    /// Makes what is to be read, and connects.
    ///
    /// - Throws: the first `LoadError` or `IOError`.
    func prepare() async throws {
        let accounts = Accounts(servers: [servers[0]], tool: tool)
        users = try await accounts.make(count: size.members, named: "reader", run: tool.run)
        let others = users.dropFirst().map(\.id)
        for number in 0..<Self.chatCount {
            let made = try await users[0].makeGroup("reads \(tool.run) \(number)", with: others)
            if number == 0 { chat = made }
        }
        for server in servers {
            var ways: [HTTPClient] = []
            for _ in 0...size.readers {
                ways.append(
                    try await HTTPClient.connect(
                        host: server.host,
                        port: server.port,
                        loop: tool.loop,
                        resolver: tool.resolver
                    )
                )
            }
            connections.append(ways)
        }
        for number in 0..<size.messages { try await write(number, over: connections[0][0]) }
    }

    /// Reads as fast as answers come, and what that came to.
    func run(_ kind: Kind, on server: Int, for length: Duration) async throws -> LoadFigures {
        let window = LoadWindow(now: tool.loop.now, warmup: Self.warmup, length: length)
        figures = LoadFigures()
        figures.duration = length
        let bound = LoopBound(self, loop: tool.loop)
        let workers = size.writes > 0 ? size.readers + 1 : size.readers
        try await Fan.out(over: workers, atMost: workers, on: tool.loop) { _, index in
            let load = bound.value
            let way = load.connections[server][index]
            if index == load.size.readers {
                try await load.write(over: way, until: window.end)
            } else {
                await load.read(kind, as: index, over: way, window)
            }
        }
        return figures
    }

    /// Closes all connections.
    func close() {
        for way in connections.joined() { way.close() }
    }

    private func read(_ kind: Kind, as index: Int, over way: HTTPClient, _ window: LoadWindow) async {
        let reader = users[index % users.count]
        let path =
            switch kind {
            case .page: "/chats/\(chat)/messages?limit=50"
            case .members: "/chats/\(chat)/participants?limit=50"
            case .chat: "/chats/\(chat)"
            case .list: "/chats?limit=20"
            case .profile: "/users/\(users[(index + 1) % users.count].id)"
            }
        while tool.loop.now < window.end {
            let start = ContinuousClock.now
            do throws(IOError) {
                let answer = try await way.send(.get, "/api/v1" + path, headers: Self.headers(of: reader))
                let end = ContinuousClock.now
                guard window.contains(end) else { continue }
                if answer.status.code == 200 {
                    figures.acked += 1
                    figures.latencies.record(end - start)
                } else {
                    figures.errors["status \(answer.status.code)", default: 0] += 1
                }
            } catch {
                figures.errors["\(error)", default: 0] += 1
                return
            }
        }
    }

    private func write(over way: HTTPClient, until end: ContinuousClock.Instant) async throws {
        var number = 0
        while true {
            let next = ContinuousClock.now + .seconds(1) / size.writes
            guard next < end else { return }
            try await write(number, over: way)
            number += 1
            await tool.loop.sleep(for: max(.zero, next - ContinuousClock.now))
        }
    }

    private func write(_ number: Int, over way: HTTPClient) async throws {
        var headers = Self.headers(of: users[0])
        headers.append("Content-Type", "application/json")
        let body = #"{"content":"\#(LoadText.make(number: number, size: 120))"}"#
        let path = "/api/v1/chats/\(chat)/messages"
        let answer = try await way.send(.post, path, headers: headers, body: Array(body.utf8))
        guard answer.status.code == 201 else {
            throw LoadError(.refused, "a message was answered with \(answer.status.code)")
        }
    }

    private static func headers(of user: LoadUser) -> HTTPHeaders {
        HTTPHeaders([(name: "Authorization", value: "Bearer \(user.accessToken)")])
    }
}
