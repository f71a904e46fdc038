import IOCore
import JSON
import Support
import Web

/// One client that writes: each operation is tried on one node after the other, under the same id, until it has an
/// answer that is final.
///
/// Loop-bound.
final class LoadWriter {
    private let load: MixedLoad
    private let clients: [TestClient]
    private var composer: WriteComposer
    private var random: SplitMix64
    private var socket: (node: Int, socket: TestSocket)?

    /// Longer than the server's own deadline for a write.
    private static let patience = Duration.seconds(7)

    init(_ load: MixedLoad, _ composer: WriteComposer, _ nodes: [FaultNode], _ random: SplitMix64) {
        self.load = load
        self.composer = composer
        self.random = random
        clients = nodes.map { $0.makeClient() }
    }

    /// Writes until the load is stopped and what was begun is settled.
    func run() async {
        while !load.isStopping {
            guard !load.isPaused else {
                await load.loop.sleep(for: .milliseconds(20))
                continue
            }
            await settle(load.journal.begin(composer.next(load.journal)))
            if random.chance(percent: 5) { await read() }
            await load.loop.sleep(for: random.milliseconds(4...24))
        }
        socket?.socket.connection.abort()
    }

    /// Reads the newest page of a chat, which must not disturb anything.
    private func read() async {
        let chat = random.pick(load.cast.chats)
        let client = random.pick(clients)
        _ = try? await client.send(.get, "/chats/\(chat)/messages", token: composer.user.token, deadline: Self.patience)
    }

    /// Carries out one operation; some are sent once more when they have their ack.
    private func settle(_ number: Int) async {
        let request = WriteRequest(load.journal.records[number])
        var node = Int.random(in: clients.indices, using: &random)
        while !load.isAbandoned {
            load.journal.attempt(number)
            switch await attempt(number, request, node) {
            case .acked(let answer):
                load.journal.end(number, .acked(answer))
                if random.chance(percent: 5) { await again(number, request, besides: node) }
                return
            case .refused(let code): return load.journal.end(number, .refused(code))
            case .unsettled:
                node = Int.random(in: clients.indices, using: &random)
                await load.loop.sleep(for: random.milliseconds(30...150))
            }
        }
    }

    /// Sends an acked message to another node, as a client would that did not hear of the ack.
    private func again(_ number: Int, _ request: WriteRequest, besides node: Int) async {
        guard load.journal.records[number].kind.makesMessage else { return }
        let other = (node + 1) % clients.count
        if case .acked(let answer) = await overREST(number, request, other) { load.journal.repeated(number, answer) }
    }

    private func attempt(_ number: Int, _ request: WriteRequest, _ node: Int) async -> WriteAttempt {
        if let command = request.command, random.chance(percent: 30) { return await overSocket(number, command, node) }
        return await overREST(number, request, node)
    }

    // MARK: REST

    private func overREST(_ number: Int, _ request: WriteRequest, _ node: Int) async -> WriteAttempt {
        await request.attempt(
            load.journal.records[number],
            over: clients[node],
            token: composer.user.token,
            deadline: Self.patience
        )
    }

    // MARK: Socket

    private func overSocket(_ number: Int, _ command: String, _ node: Int) async -> WriteAttempt {
        guard let socket = await connected(to: node) else { return .unsettled }
        let id = load.journal.records[number].clientID
        socket.send(command)
        guard
            let frame = try? await socket.frame("an answer", within: Self.patience, where: { $0.string("id") == id })
        else {
            // An answer that comes after all would be taken for that of a later attempt, rightly; but not for ever.
            drop()
            return .unsettled
        }
        return WriteAttempt(frame)
    }

    private func connected(to node: Int) async -> TestSocket? {
        if let (connected, socket) = socket, connected == node, !socket.isClosed { return socket }
        drop()
        guard let made = try? await TestSocket.connect(to: clients[node], .header(composer.user.token)) else {
            return nil
        }
        // The answers are all that is of interest here.
        made.onFrame = { $0.string("id") == nil }
        socket = (node, made)
        return made
    }

    private func drop() {
        socket?.socket.connection.abort()
        socket = nil
    }
}
