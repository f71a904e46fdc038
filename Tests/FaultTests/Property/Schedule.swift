import IOCore
import JSON
import Support
import Web

/// Random doings of a few clients of four users while connections are cut and nodes and Redis are killed; then quiet, and
/// everything compared.
///
/// Loop-bound.
final class Schedule {
    let seed: UInt64
    /// What was found; empty when every promise was kept.
    private(set) var violations: [Violation] = []
    private(set) var journal = WriteJournal()
    /// What was done to nodes and Redis, in its order.
    private(set) var faults: [String] = []
    private(set) var duration = Duration.zero
    private let cluster: PropertyCluster
    private let wave: Wave
    private var cast: Cast
    private var clients: [PropertyClient] = []
    private var random: SplitMix64
    private var steps: UInt64 = 0
    private var unanswered = 0
    private var isAbandoned = false

    /// Longer than the server's own deadline for a write.
    private static let patience = Duration.seconds(7)
    private static let quietLimit = Duration.seconds(20)

    init(_ cluster: PropertyCluster, _ cast: Cast, seed: UInt64, in wave: Wave) {
        self.cluster = cluster
        self.cast = cast
        self.seed = seed
        self.wave = wave
        random = SplitMix64(seed: seed)
    }

    /// Runs it; what was found is in `violations`.
    func run() async throws {
        let start = cluster.loop.now
        defer { duration = cluster.loop.now - start }
        for _ in 0..<2 { await found(try members()) }
        try gatherClients()
        await withDiscardingTaskGroup { group in
            for client in clients.indices {
                add(to: &group) { await $0.clients[client].run() }
                add(to: &group) { await $0.clients[client].fetch() }
            }
            await play(in: &group)
            wave.ended()
            await compareOnceQuiet()
            for client in clients { client.end() }
        }
    }

    /// The second stable user has two devices.
    private func gatherClients() throws {
        let users = cast.stable + [cast.stable[1]] + cast.churning
        let firstChat = cast.chats.min() ?? 0
        for (number, user) in users.enumerated() {
            let part = random.branch(UInt64(1_000 + number))
            clients.append(try PropertyClient(cluster, user, "client \(number)", firstChat: firstChat, part))
        }
    }

    private func add(
        to group: inout DiscardingTaskGroup,
        _ body: @escaping @Sendable (Schedule) async -> Void
    ) {
        let (bound, loop) = (LoopBound(self, loop: cluster.loop), cluster.loop)
        group.addTask(executorPreference: loop) { await loop.actor.run { _ in await body(bound.value) } }
    }

    /// How the clients fared, all together.
    var counts: ClientReplica.Counts { clients.reduce(ClientReplica.Counts()) { $0 + $1.replica.counts } }

    // MARK: Steps

    private func play(in group: inout DiscardingTaskGroup) async {
        for _ in 0..<Int.random(in: 40...80, using: &random) {
            steps += 1
            step(in: &group)
            await cluster.loop.sleep(for: random.milliseconds(0...25))
        }
    }

    private func step(in group: inout DiscardingTaskGroup) {
        switch Int.random(in: 0..<1_000, using: &random) {
        case 0..<580: write(random.pick(clients), WriteKind.allCases, in: &group)
        case 580..<700: write(clients[0], [.addMember, .removeMember, .changeRole, .changeChat], in: &group)
        case 700..<720: leaveChat(in: &group)
        case 720..<740: foundAnother(in: &group)
        case 740..<900:
            let client = random.pick(clients)
            client.proxy.cut(random.chance(percent: 30) ? .init(.toServer, after: 0) : client.cut())
        case 900..<960: random.pick(clients).leave(for: random.milliseconds(50...1_500))
        case 960..<970: killNode()
        case 970..<978: killRedis(in: &group)
        case 978..<984: burst(in: &group)
        default: break
        }
    }

    private func write(_ client: PropertyClient, _ kinds: [WriteKind], in group: inout DiscardingTaskGroup) {
        var composer = WriteComposer(
            writer: Int(steps),
            user: client.user,
            cast: cast,
            kinds: kinds,
            random: random.branch(steps)
        )
        settle([composer.next(journal)], by: client, in: &group)
    }

    private func leaveChat(in group: inout DiscardingTaskGroup) {
        let client = random.pick(Array(clients.suffix(cast.churning.count)))
        let id = WriteComposer.clientID(using: &random)
        let (chat, user) = (random.pick(cast.chats), client.user.id)
        let record = WriteRecord(kind: .removeMember, chat: chat, actor: user, clientID: id, target: user)
        settle([record], by: client, in: &group)
    }

    /// More than a client is sent when it resumes, while one is away.
    private func burst(in group: inout DiscardingTaskGroup) {
        random.pick(Array(clients.dropFirst())).leave(for: random.milliseconds(800...2_000))
        let chat = random.pick(cast.chats)
        for number in 0..<8 {
            let records = (0..<14).map { index in
                let text = "burst \(steps), \(number), \(index)"
                let id = WriteComposer.clientID(using: &random)
                return WriteRecord(kind: .send, chat: chat, actor: cast.owner.id, clientID: id, text: text)
            }
            settle(records, by: clients[0], in: &group)
        }
    }

    private func killNode() {
        let node = Int.random(in: cluster.nodes.indices, using: &random)
        faults.append("node \(node) killed at step \(steps)")
        do {
            try cluster.killNode(node)
        } catch {
            violations.append(Violation(.answer, "node \(node) does not start: \(error)"))
        }
    }

    private func killRedis(in group: inout DiscardingTaskGroup) {
        faults.append("Redis killed at step \(steps)")
        let time = random.milliseconds(0...400)
        add(to: &group) { schedule in
            do {
                try await schedule.cluster.killRedis(for: time)
            } catch {
                schedule.violations.append(Violation(.answer, "Redis does not start: \(error)"))
            }
        }
    }

    // MARK: Chats

    /// Who is in a new chat beside its founder.
    private func members() throws -> [TestUser] {
        let others = cast.stable.dropFirst() + cast.churning
        return others.filter { _ in random.chance(percent: 75) }
    }

    private func foundAnother(in group: inout DiscardingTaskGroup) {
        guard let members = try? members() else { return }
        unanswered += 1
        add(to: &group) { schedule in
            await schedule.found(members)
            schedule.unanswered -= 1
        }
    }

    /// Makes a chat, which tells in its description who founded it: a chat whose answer was lost is there as well.
    private func found(_ members: [TestUser]) async {
        let ids = members.map(\.id)
        let founders = ([cast.owner.id] + ids).map(String.init).joined(separator: " ")
        let list = ids.map(String.init).joined(separator: ",")
        let body = #"{"type":"group","name":"Group","description":"\#(founders)","participant_ids":[\#(list)]}"#
        while !isAbandoned {
            let answer = try? await cluster.with(node: node()) {
                try await $0.send(.post, "/chats", body, token: cast.owner.token)
            }
            if answer?.status == 201, let chat = answer?.object.integer("chat_id") { return cast.chats.append(chat) }
            await cluster.loop.sleep(for: .milliseconds(30))
        }
    }

    private func node() -> Int { Int.random(in: cluster.nodes.indices, using: &random) }

    // MARK: Writing

    /// Carries out operations one after the other.
    private func settle(_ records: [WriteRecord], by client: PropertyClient, in group: inout DiscardingTaskGroup) {
        let (index, part) = (clients.firstIndex { $0 === client } ?? 0, random.branch(steps))
        unanswered += records.count
        add(to: &group) { schedule in
            var random = part
            for record in records {
                await schedule.settle(schedule.journal.begin(record), by: schedule.clients[index], &random)
                schedule.unanswered -= 1
            }
        }
    }

    /// Carries out one operation, under one id, until its answer is final; some are sent once more when they have it.
    private func settle(_ number: Int, by client: PropertyClient, _ random: inout SplitMix64) async {
        let record = journal.records[number]
        let request = WriteRequest(record)
        while !isAbandoned {
            journal.attempt(number)
            let isOverSocket = random.chance(percent: 50)
            let attempt: WriteAttempt
            if isOverSocket, let command = request.command {
                attempt = await client.attempt(command, id: record.clientID)
            } else {
                attempt = await overREST(record, request, client, &random)
            }
            switch attempt {
            case .acked(let answer):
                journal.end(number, .acked(answer))
                guard record.kind.makesMessage, random.chance(percent: 10) else { return }
                let again = await overREST(record, request, client, &random)
                if case .acked(let answer) = again { journal.repeated(number, answer) }
                return
            case .refused(let code): return journal.end(number, .refused(code))
            case .unsettled: await cluster.loop.sleep(for: random.milliseconds(5...60))
            }
        }
    }

    private func overREST(
        _ record: WriteRecord,
        _ request: WriteRequest,
        _ client: PropertyClient,
        _ random: inout SplitMix64
    ) async -> WriteAttempt {
        await cluster.with(node: Int.random(in: cluster.nodes.indices, using: &random)) {
            await request.attempt(record, over: $0, token: client.user.token, deadline: Self.patience)
        }
    }

    // MARK: Quiet

    private func compareOnceQuiet() async {
        // What others in the wave kill is killed for all.
        while wave.isPlaying { await cluster.loop.sleep(for: .milliseconds(5)) }
        let end = cluster.loop.now + Self.quietLimit
        for client in clients {
            client.proxy.isCalm = true
            client.leave(for: .zero)
        }
        do {
            var missing = try await whatIsMissing()
            while let what = missing {
                guard cluster.loop.now < end else {
                    violations.append(Violation(.answer, "not quiet within \(Self.quietLimit): \(what)"))
                    break
                }
                await cluster.loop.sleep(for: .milliseconds(20))
                missing = try await whatIsMissing()
            }
            isAbandoned = true
            try await compare()
        } catch {
            isAbandoned = true
            violations.append(Violation(.answer, "the schedule did not get to its end: \(error)"))
        }
    }

    private func whatIsMissing() async throws -> String? {
        guard unanswered == 0 else { return "\(unanswered) writes have no answer" }
        for client in clients where !client.isCaughtUp { return "\(client.replica.name) is not caught up" }
        guard await cluster.isWhole() else { return "a node or Redis is not ready" }
        guard try await cluster.reader.unfinished(of: cast.chats) == 0 else { return "batches are unfinished" }
        for chat in cast.chats {
            let head = try await cluster.reader.head(of: chat)
            let members = try await cluster.reader.members(of: chat)
            for client in clients {
                let cursor = client.replica.chats[chat]?.cursor
                let due = members.contains(client.user.id) ? head : nil
                if cursor != due {
                    return "\(client.replica.name) is at \(cursor ?? -1) of chat \(chat), not at \(due ?? -1)"
                }
            }
        }
        return nil
    }

    // MARK: Judging

    private func compare() async throws {
        var stored: [StoredChat] = []
        for chat in try await allChats() { stored.append(try await read(chat)) }
        var campaign = CampaignChecker(journal: journal, deliveries: [], chats: stored)
        violations += campaign.run()
        let checker = ReplicaChecker(chats: stored)
        for client in clients {
            var fresh: [Int64: ReplicaState] = [:]
            for chat in stored where chat.members.contains(client.user.id) {
                fresh[chat.chat] = await client.state(of: chat.chat, from: node())?.found
            }
            violations += checker.violations(of: client.replica, fresh: fresh)
        }
    }

    /// Also those whose founding had no answer.
    private func allChats() async throws -> [Int64] {
        let first = cast.chats.min() ?? 0
        let answer = try await cluster.with(node: node()) {
            try await $0.send(.get, "/chats?limit=100", token: cast.owner.token)
        }
        return answer.items.compactMap { $0.integer("chat_id") }.filter { $0 >= first }.sorted()
    }

    private func read(_ chat: Int64) async throws -> StoredChat {
        let owner = cast.owner
        let described = try await cluster.with(node: node()) {
            try await $0.send(.get, "/chats/\(chat)", token: owner.token)
        }
        let founders = (described.object.string("description") ?? "").split(separator: " ").compactMap { Int64($0) }
        var stored = try await cluster.reader.read(chat, founders: Set(founders))
        for (number, node) in cluster.nodes.enumerated() {
            let history = try await cluster.with(node: number) { try await $0.history(of: chat, as: owner) }
            stored.histories[node.name] = history.map(StoredChat.Message.init)
        }
        return stored
    }
}

/// Schedules that run at the same time.
///
/// Loop-bound.
final class Wave {
    private var playing: Int

    init(of count: Int) { playing = count }

    /// Whether any of them still does things.
    var isPlaying: Bool { playing > 0 }

    func ended() { playing -= 1 }
}
