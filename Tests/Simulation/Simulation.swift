internal import Domain
internal import Messaging

/// One run of several nodes, clients and faults that a seed fixes, on the real lane, recovery and post-images, against
/// stores in memory, with every promise checked at the step that could break it.
///
/// Every message between a node and a store, or a client, may be late or lost; a write that its caller has given up may
/// land long after, or never. After a while the faults stop, and everything has to be finished.
package struct Simulation {
    var random: SeededGenerator
    let bug: PlantedBug?
    var now = 0
    var queue = EventQueue<SimulationEvent>()
    var postgres: SimulatedPostgres
    var mongo: SimulatedMongo
    var nodes: [SimulatedNode]
    var clients: [SimulatedClient]
    var sockets: [SimulatedSocket]
    /// Offsets that were announced, for each chat.
    var announced: [Set<Int64>]
    /// Requests and documents on their way to a store.
    var underWay = 0
    var faultsEnd: Int
    var faultPercent: Int
    var crashesLeft: Int
    private(set) var steps = 0
    /// What happened, where somebody wants to read it.
    private(set) var story: [String]?

    static let convergence = 120_000

    /// A run as the seed has it.
    package init(seed: UInt64, bug: PlantedBug? = nil, tellsStory: Bool = false) {
        var random = SeededGenerator(seed: seed)
        self.bug = bug
        let chatCount = random.pick(1...2)
        postgres = SimulatedPostgres(chats: chatCount, bug: bug)
        mongo = SimulatedMongo(bug: bug)
        nodes = Array(repeating: SimulatedNode(), count: random.pick(1...3))
        clients = (1...random.pick(1...3)).map { SimulatedClient(user: UserID(rawValue: Int64($0)), left: 0) }
        let cursors = Array(repeating: Offset.zero, count: chatCount)
        sockets = Array(repeating: SimulatedSocket(node: nil, cursors: cursors), count: random.pick(1...2))
        announced = Array(repeating: [], count: chatCount)
        faultsEnd = random.pick(200...4_000)
        faultPercent = [0, 5, 20, 50][random.pick(0...3)]
        crashesLeft = random.pick(0...3)
        for index in clients.indices { clients[index].left = random.pick(2...7) }
        self.random = random
        story = tellsStory ? [] : nil
        scheduleFaults()
        for index in nodes.indices { begin(index) }
        for index in sockets.indices { queue.add(.connect(index), at: 0) }
        for index in clients.indices { queue.add(.act(client: index, attempt: 0), at: self.random.pick(0...50)) }
    }

    /// Runs to the end; the first promise that did not hold, if one did not.
    package mutating func run() -> Violation? {
        do throws(Violation) {
            while let (time, event) = queue.next() {
                now = time
                steps += 1
                try handle(event)
                guard now > faultsEnd else { continue }
                if isQuiet { return try checkEnd() }
                if now > faultsEnd + Self.convergence { throw notConverged() }
            }
            throw notConverged()
        } catch {
            tell("VIOLATION \(error)")
            return error
        }
    }

    private var isQuiet: Bool {
        underWay == 0 && postgres.redo.isEmpty && clients.allSatisfy(\.isDone) && mongo.refused.isEmpty
            && sockets.allSatisfy { socket in
                zip(socket.cursors, postgres.chats).allSatisfy { $0 == $1.lastOffset }
            }
            && nodes.allSatisfy { node in
                node.isUp && node.stoppedUntil <= now && node.lane.isIdle
                    && zip(node.streams, postgres.chats).allSatisfy { $0.delivered == $1.lastOffset }
            }
    }

    mutating func tell(_ text: @autoclosure () -> String) {
        if story != nil { story?.append("\(now) ms: \(text())") }
    }

    /// Whether a fault of this run strikes now.
    mutating func strikes(_ percent: Int) -> Bool { now < faultsEnd && random.chance(percent) }

    // MARK: Faults

    private mutating func scheduleFaults() {
        for _ in 0..<random.pick(0...3) {
            queue.add(.crash(random.pick(0...nodes.count - 1)), at: random.pick(0...faultsEnd))
        }
        for _ in 0..<random.pick(0...2) {
            let stop = SimulationEvent.stop(random.pick(0...nodes.count - 1), milliseconds: random.pick(10...8_000))
            queue.add(stop, at: random.pick(0...faultsEnd))
        }
        guard random.chance(30) else { return }
        let chat = ChatID(rawValue: Int64(random.pick(1...postgres.chats.count)))
        let begin = random.pick(0...faultsEnd)
        queue.add(.refuse(chat, true), at: begin)
        queue.add(.refuse(chat, false), at: begin + random.pick(10...8_000))
    }

    private mutating func handle(_ event: SimulationEvent) throws(Violation) {
        switch event {
        case .act(let client, let attempt): try act(client, attempt)
        case .answer(let client, let attempt, let result): try hear(result, client, attempt)
        case .connect(let socket): try connect(socket)
        case .arrive(let request, let node, let life, let reply):
            underWay -= 1
            try arrive(request, from: node, life: life, reply: reply)
        case .land(let image):
            underWay -= 1
            if !mongo.refused.contains(image.chat) { try write(image) }
        case .node(let node, let life, let event): try handle(event, node, life)
        case .crash(let node): crash(node)
        case .start(let node): begin(node)
        case .stop(let node, let milliseconds):
            tell("node \(node) stops for \(milliseconds) ms")
            nodes[node].stoppedUntil = max(nodes[node].stoppedUntil, now + milliseconds)
        case .refuse(let chat, let begins):
            tell("MongoDB \(begins ? "refuses" : "takes") documents of chat \(chat)")
            if begins { mongo.refused.insert(chat) } else { mongo.refused.remove(chat) }
        }
    }

    mutating func crash(_ node: Int) {
        guard nodes[node].isUp else { return }
        tell("node \(node) crashes")
        nodes[node].crash()
        disconnect(from: node)
        queue.add(.start(node), at: now + random.pick(20...4_000))
    }

    private mutating func begin(_ node: Int) {
        tell("node \(node) starts")
        nodes[node].isUp = true
        nodes[node].streams = postgres.chats.indices.map { .init(from: postgres.announcedHead(of: $0)) }
        add(.tick, node, after: random.pick(1...1_000))
    }

    /// Schedules what happens to a node in its present life.
    mutating func add(_ event: NodeEvent, _ node: Int, after delay: Int) {
        queue.add(.node(node, life: nodes[node].life, event), at: now + delay)
    }

    private mutating func handle(_ event: NodeEvent, _ node: Int, _ life: Int) throws(Violation) {
        guard nodes[node].isUp, nodes[node].life == life else { return }
        guard nodes[node].stoppedUntil <= now else {
            return queue.add(.node(node, life: life, event), at: nodes[node].stoppedUntil)
        }
        switch event {
        case .submit(let client, let attempt, let operation): try submit(operation, client, attempt, node)
        case .reply(let reply): try take(reply, node)
        case .announced(let user, let id): try announced(user, id, node)
        case .send(let request): send(request, node)
        case .hear(let chat, let offset): try hear(chat, offset, node)
        case .deadline(let ticket): try perform(nodes[node].lane.expire([ticket]), node)
        case .sweep:
            nodes[node].isSweeping = false
            try lane(node) { $0.retryCovered($1) }
        case .tick: try tick(node)
        case .checkHole(let chat): try checkHole(of: chat, node)
        }
        if !nodes[node].lane.isIdle, !nodes[node].isSweeping, nodes[node].isUp {
            nodes[node].isSweeping = true
            add(.sweep, node, after: 50)
        }
    }
}
