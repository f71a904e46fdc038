import IOCore
import JSON
import Support
import Web

/// Two nodes under load, and members who are removed, leave and come back while they read and listen by every means.
///
/// Loop-bound.
final class RemovalRace {
    let loop: EventLoop
    /// One of each node.
    let ports: [Int]
    let resolver: BlockingPool
    let owner: TestUser
    let writers: [TestUser]
    let movers: [TestUser]
    let chats: [Int64]
    let memberships = Memberships()
    /// The operations that the server has, by name.
    let operations: Set<String>
    private let seed: SplitMix64
    /// Messages that were acknowledged, the latest of each chat.
    private(set) var messages: [Int64: [String]] = [:]
    var isOver = false

    private static let messagesKept = 200

    /// Makes chats that everybody is in.
    init(_ scene: ServerScene, _ pair: NodePair, seed: UInt64) async throws {
        loop = scene.loop
        resolver = scene.resolver
        ports = pair.servers.map(\.port)
        self.seed = SplitMix64(seed: seed)
        owner = pair.ada
        let client = pair.clients[0]
        var others: [TestUser] = []
        for name in ["writer", "writer", "mover", "mover", "mover"] { others.append(try await client.makeUser(name)) }
        writers = Array(others.prefix(2))
        movers = Array(others.dropFirst(2))
        var chats: [Int64] = []
        for _ in 0..<3 { chats.append(try await client.makeGroup(by: owner, with: others)) }
        self.chats = chats
        let document = try await client.send(.get, "//openapi.json")
        operations = Set(try ContractDocument(parsing: Array(document.text.utf8)).operations.map(\.id))
        for mover in movers { for chat in chats { memberships.add(key(mover, chat)) } }
        for chat in chats {
            let body = #"{"content":"race"}"#
            let first = try await client.send(.post, "/chats/\(chat)/messages", body, token: owner.token)
            keep(first.object.string("message_id"), of: chat)
            for mover in movers {
                _ = try await client.send(.put, "/messages/\(chat)-1/saved", token: mover.token)
            }
        }
    }

    /// Runs everybody until `body` has returned.
    func run(_ body: @Sendable @escaping () async throws -> Void) async throws {
        var actors: [(SplitMix64, @Sendable (RemovalRace, inout SplitMix64) async throws -> Void)] = []
        func add(_ actor: @Sendable @escaping (RemovalRace, inout SplitMix64) async throws -> Void) {
            actors.append((seed.branch(UInt64(actors.count)), actor))
        }
        for writer in writers { add { race, random in try await race.write(as: writer, &random) } }
        for chat in chats { add { race, random in try await race.move(in: chat, &random) } }
        for mover in movers {
            add { race, random in try await race.read(as: mover, &random) }
            for node in 0..<2 { add { race, random in try await race.listen(as: mover, from: node, &random) } }
        }
        let bound = LoopBound(self, loop: loop)
        try await withThrowingDiscardingTaskGroup { [loop] group in
            for (random, actor) in actors {
                group.addTask(executorPreference: loop) {
                    try await loop.actor.run { _ in
                        var random = random
                        while !bound.value.isOver { try await actor(bound.value, &random) }
                    }
                }
            }
            group.addTask(executorPreference: loop) {
                try await loop.actor.run { _ in
                    defer { bound.value.isOver = true }
                    try await body()
                }
            }
        }
        try await judge()
    }

    func key(_ user: TestUser, _ chat: Int64) -> Memberships.Key { Memberships.Key(user: user.id, chat: chat) }

    /// A client of either node.
    func client(_ random: inout SplitMix64) -> TestClient { client(of: random.below(2)) }

    func client(of node: Int) -> TestClient { TestClient(port: ports[node], loop: loop, resolver: resolver) }

    /// One of the messages of a chat.
    func message(of chat: Int64, _ random: inout SplitMix64) -> String {
        messages[chat]?.isEmpty == false ? random.pick(messages[chat] ?? []) : "\(chat)-1"
    }

    func keep(_ message: String?, of chat: Int64) {
        guard let message else { return }
        messages[chat, default: []].append(message)
        if messages[chat, default: []].count > Self.messagesKept { messages[chat]?.removeFirst() }
    }

    func pause(_ range: ClosedRange<Int>, _ random: inout SplitMix64) async {
        await loop.sleep(for: random.milliseconds(range))
    }

    // MARK: Actors

    /// Changes a chat in some way.
    private func write(as user: TestUser, _ random: inout SplitMix64) async throws {
        let client = client(&random)
        for _ in 0..<random.below(20) where !isOver {
            let chat = random.pick(chats)
            let id = message(of: chat, &random)
            let (method, path, body): (HTTPMethod, String, String?) =
                switch random.below(10) {
                case 0: (.put, "/messages/\(id)/reactions/%F0%9F%91%8D", nil)
                case 1: (.delete, "/messages/\(id)/reactions/%F0%9F%91%8D", nil)
                case 2: (.put, "/messages/\(id)", #"{"content":"race changed"}"#)
                case 3: (.put, "/messages/\(id)/pin", nil)
                case 4: (.post, "/chats/\(chat)/messages", #"{"content":"race on","thread_root":"\#(chat)-1"}"#)
                case 5 where id != "\(chat)-1": (.delete, "/messages/\(id)", nil)
                default: (.post, "/chats/\(chat)/messages", #"{"content":"race \#(random.next())"}"#)
                }
            let answer = try await client.send(method, path, body, token: user.token)
            if answer.status == 201 { keep(answer.object.string("message_id"), of: chat) }
            memberships.count("writes \(answer.status / 100)xx")
            await pause(0...15, &random)
        }
    }

    /// Takes somebody out of a chat or in again.
    private func move(in chat: Int64, _ random: inout SplitMix64) async throws {
        let mover = random.pick(movers)
        let key = key(mover, chat)
        let path = "/chats/\(chat)/participants"
        let client = client(&random)
        switch memberships[key].phase {
        case .member:
            let leaves = random.chance(percent: 25)
            memberships.begin(.leaving, key)
            try await insist([204, 404]) {
                leaves
                    ? try await client.send(.delete, "/chats/\(chat)", token: mover.token)
                    : try await client.send(.delete, "\(path)/\(mover.id)", token: owner.token)
            }
            memberships.end(.removed, key)
            memberships.count("removals")
        case .removed where random.chance(percent: 40):
            memberships.begin(.returning, key)
            try await insist([200, 201]) {
                try await client.send(.post, path, #"{"user_id":\#(mover.id)}"#, token: owner.token)
            }
            memberships.end(.member, key)
        default: break
        }
        await pause(10...150, &random)
    }

    /// Asks until it is done: a write may have been decided without an answer.
    private func insist(_ statuses: Set<Int>, _ ask: () async throws -> TestAnswer) async throws {
        try await eventually("a membership changes") { statuses.contains(try await ask().status) }
    }

    // MARK: The end

    private func judge() async throws {
        let client = client(of: 0)
        for chat in chats {
            var events: [JSONObject] = []
            while true {
                let after = events.last?.integer("offset") ?? 0
                let path = "/chats/\(chat)/events?after=\(after)&limit=100"
                let page = try await client.send(.get, path, token: owner.token)
                guard page.status == 200 else { throw TestUser.Unexpected(answer: page) }
                if page.items.isEmpty { break }
                events += page.items
            }
            memberships.judge(chat, by: events)
        }
    }
}
