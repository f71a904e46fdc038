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
    var violations: [Violation] = []
    var journal = WriteJournal()
    /// What was done to nodes and Redis, in its order.
    private(set) var faults: [String] = []
    private(set) var duration = Duration.zero
    let cluster: PropertyCluster
    let wave: Wave
    var cast: Cast
    var clients: [PropertyClient] = []
    var random: SplitMix64
    var steps: UInt64 = 0
    var unanswered = 0
    var isAbandoned = false

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
        for _ in 0..<2 { await found(members()) }
        do {
            try gatherClients()
        } catch {
            wave.ended()
            throw error
        }
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

    func add(
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
    private func members() -> [TestUser] {
        let others = cast.stable.dropFirst() + cast.churning
        return others.filter { _ in random.chance(percent: 75) }
    }

    private func foundAnother(in group: inout DiscardingTaskGroup) {
        let members = members()
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

    func node() -> Int { Int.random(in: cluster.nodes.indices, using: &random) }
}
