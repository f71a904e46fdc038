internal import Domain
internal import IOCore

/// The users, chats and sockets of a load over WebSocket.
///
/// Loop-bound.
final class Crowd {
    /// How many of what.
    struct Size: Sendable {
        var senders = 64
        var chats = 8
        /// Bytes of a message's content.
        var contentBytes = 120
    }

    private let size: Size
    private let tool: Tool
    private let accounts: Accounts
    private let serverCount: Int
    private var senders: [Sender] = []
    private var figures = LoadFigures()

    /// A crowd that does not exist on the servers yet.
    init(_ size: Size, servers: [ServerAddress], tool: Tool) {
        self.size = size
        self.tool = tool
        serverCount = servers.count
        accounts = Accounts(servers: servers, tool: tool)
    }

    /// Registers the senders, opens their chats, and connects them; the members of a chat are spread over the servers.
    ///
    /// - Throws: the first `LoadError`.
    func gather(patience: Sender.Patience = .init(), journal: Journal? = nil) async throws {
        let users = try await accounts.make(count: size.senders, named: "sender", run: tool.run)
        var members = Array(repeating: [Int](), count: size.chats)
        for index in users.indices { members[index / serverCount % size.chats].append(index) }
        for (number, group) in members.enumerated() {
            guard let first = group.first else { continue }
            let founder = users[first]
            let others = group.dropFirst().map { users[$0].id }
            let chat = try await founder.makeGroup("load \(tool.run) \(number)", with: others)
            try journal?.begin(chat, readableBy: founder)
            for index in group {
                senders.append(
                    Sender(
                        index,
                        user: users[index],
                        chat: chat,
                        size: size.contentBytes,
                        tool: tool,
                        patience: patience,
                        journal: journal
                    )
                )
            }
        }
        let bound = LoopBound(self, loop: tool.loop)
        try await Fan.out(over: senders.count, atMost: 16, on: tool.loop) { _, index in
            try await bound.value.senders[index].connect()
        }
    }

    /// Has all senders send, and returns what they saw together.
    ///
    /// - Throws: `system` where the journal cannot be written.
    func run(warmup: Duration, length: Duration) async throws -> LoadFigures {
        let window = LoadWindow(now: tool.loop.now, warmup: warmup, length: length)
        figures = LoadFigures()
        figures.duration = length
        let bound = LoopBound(self, loop: tool.loop)
        try await Fan.out(over: senders.count, atMost: senders.count, on: tool.loop) { _, index in
            let crowd = bound.value
            let seen = try await crowd.senders[index].run(window)
            crowd.figures.merge(seen)
        }
        return figures
    }

    /// Closes all sockets and connections.
    func disperse() {
        for sender in senders { sender.close() }
    }
}
