import IOCore
import JSON
import Storage
import Support
import Testing
import Web

/// What clients were promised holds when the server goes, by force or by request.
@Suite(.realTime) struct ServerCrashTests {
    private static let senders = 20

    @Test
    func `a killed server loses nothing it acked, and a retry makes no double`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let (ada, chat, load) = try await Self.start(scene, server)
            try await load.sockets[0].wait(for: "a load", within: .seconds(120)) { load.acked.count >= 500 }
            server.kill()
            for socket in load.sockets { _ = try await socket.closeStatus() }
            load.stop()
            let unanswered = load.unanswered
            #expect(!unanswered.isEmpty, "the server was not under load")

            try await server.restart()
            let client = scene.client(of: server)
            let socket = try await TestSocket.ready(client, as: ada)
            for message in unanswered {
                socket.sendMessage(message.content, to: chat, id: message.clientID, clientID: message.clientID)
                try await Self.expectAck(of: message.clientID, on: socket)
            }
            try await scene.expectConsistency()
            try await Self.expectHistory(of: chat, as: ada, load, retried: unanswered, client)
        }
    }

    @Test
    func `a server told to stop answers what is under way and says goodbye`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let (ada, chat, load) = try await Self.start(scene, server)
            try await load.sockets[0].wait(for: "a load", within: .seconds(120)) { load.acked.count >= 200 }
            server.terminate()
            for socket in load.sockets {
                #expect(try await socket.closeStatus(within: .seconds(60)).code == .goingAway)
            }
            // One that had given up waiting would end with another status.
            #expect(try await server.exitStatus(within: .seconds(60)) == 0)
            // A frame that was still on its way in when the server closed has no answer; one per socket at most.
            #expect(load.unanswered.count <= Self.senders)

            try await server.restart()
            let client = scene.client(of: server)
            try await scene.expectConsistency()
            let history = try await client.history(of: chat, as: ada)
            let contents = history.map { $0.string("content") ?? "" }
            #expect(Set(contents).count == contents.count)
            #expect(Set(load.acked.map(\.content)).isSubset(of: contents))
            let undecided = Set(load.unanswered.map(\.content)).intersection(contents)
            #expect(undecided.isEmpty, "committed, but not answered: \(undecided)")
        }
    }

    private static func start(
        _ scene: ServerScene,
        _ server: ServerUnderTest
    ) async throws -> (TestUser, Int64, ServerLoad) {
        let client = scene.client(of: server)
        let ada = try await client.makeUser("ada")
        let chat = try await client.makeGroup(by: ada)
        let load = ServerLoad(chat: chat, loop: scene.loop)
        for _ in 0..<senders { load.add(try await TestSocket.ready(client, as: ada)) }
        return (ada, chat, load)
    }

    /// The first run may be known already, finished by recovery, or not; either way the answer is an ack.
    private static func expectAck(of id: String, on socket: TestSocket) async throws {
        let answer = try await socket.frame("an answer") { $0.string("id") == id }
        #expect(answer.string("type") == "ack", "\(answer)")
    }

    private static func expectHistory(
        of chat: Int64,
        as user: TestUser,
        _ load: ServerLoad,
        retried: [ServerLoad.Sent],
        _ client: TestClient
    ) async throws {
        let history = try await client.history(of: chat, as: user)
        #expect(history.map { $0.integer("seq") } == (1...Int64(history.count)).map { $0 })
        #expect(history.count == load.acked.count + retried.count)
        for message in load.acked {
            let stored = history[Int(message.sequence ?? 1) - 1]
            #expect(stored.string("content") == message.content)
            #expect(stored.string("client_msg_id") == message.clientID)
        }
        let ids = history.compactMap { $0.string("client_msg_id") }
        #expect(Set(ids) == Set(load.messages.map(\.clientID)))
    }
}
