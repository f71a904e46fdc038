import IOCore
import JSON
import Support
import Testing
import Web

/// MAX_CHAT_MEMBERS, on every way into a chat.
@Suite(.realTime) struct ServerMemberLimitTests {
    @Test func `a chat is founded with as many members as the operator allows, and not with one more`() async throws {
        try await Self.run { scene in
            let full = try await scene.found(with: 2)
            #expect(full.status == 201, "\(full.text)")
            let chat = try #require(full.object.integer("chat_id"))
            let count = try await scene.count(in: chat)
            #expect(count == 3)
            let large = try await scene.found(with: 3)
            #expect(large.status == 400 && large.code == "limit_exceeded", "\(large.text)")
        }
    }

    @Test func `of a list those are taken in for whom there is room`() async throws {
        try await Self.run { scene in
            let chat = try await scene.makeChat()
            let path = "/chats/\(chat)/participants"
            let list = #"{"user_ids":[\#(scene.others[1].id),\#(scene.others[2].id)]}"#
            let answer = try await scene.client.send(.post, path, list, token: scene.ada.token)
            #expect(answer.status == 400 && answer.code == "limit_exceeded", "\(answer.text)")
            let seen = try await scene.client.send(.get, path, token: scene.ada.token)
            let members = [scene.ada.id, scene.others[0].id, scene.others[1].id]
            #expect(Set(seen.items.compactMap { $0.integer("user_id") }) == Set(members) && seen.items.count == 3)
        }
    }

    @Test func `no chat gets more members than the operator allows, however many come at once`() async throws {
        try await Self.run { scene in
            for round in 0..<5 {
                let chat = try await scene.makeChat()
                let path = "/chats/\(chat)"
                let made = try await scene.client.send(.post, path + "/invites", "{}", token: scene.ada.token)
                let code = try #require(made.object.string("code"))
                let door = #"{"visibility":"public"}"#
                _ = try await scene.client.send(.patch, path, door, token: scene.ada.token)
                // One place is free. Two come by an invite, one by the open door, and one is brought.
                let invited = #"{"invite":"\#(code)"}"#
                let brought = #"{"user_id":\#(scene.others[4].id)}"#
                let wishes: [(TestUser, String, String?)] = [
                    (scene.others[1], path + "/join", invited), (scene.others[2], path + "/join", invited),
                    (scene.others[3], path + "/join", nil), (scene.ada, path + "/participants", brought),
                ]
                let answers = try await scene.atOnce(wishes)
                #expect(answers.map(\.status).sorted() == [201, 400, 400, 400], "\(round): \(answers.map(\.text))")
                #expect(answers.filter { $0.status == 400 }.allSatisfy { $0.code == "limit_exceeded" }, "\(round)")
                let count = try await scene.count(in: chat)
                #expect(count == 3, "\(round)")
            }
        }
    }

    /// Runs `body` beside two nodes whose chats hold three.
    private static func run(_ body: @Sendable @escaping (Scene) async throws -> Void) async throws {
        try await ServerScene.run { scene in
            let nodes = try await NodePair(scene, ["MAX_CHAT_MEMBERS": "3"])
            defer { withExtendedLifetime(nodes) {} }
            try await body(Scene(scene, nodes))
        }
    }

    /// Somebody who founds chats, and five for them.
    private struct Scene {
        let scene: ServerScene
        let nodes: NodePair
        let others: [TestUser]

        var client: TestClient { nodes.clients[0] }
        var ada: TestUser { nodes.ada }

        init(_ scene: ServerScene, _ nodes: NodePair) async throws {
            self.scene = scene
            self.nodes = nodes
            var others: [TestUser] = []
            for name in ["cyd", "dan", "eve", "fay", "gil"] { others.append(try await nodes.clients[0].makeUser(name)) }
            self.others = others
        }

        /// Asks for a chat of the founder and so many others.
        func found(with count: Int) async throws -> TestAnswer {
            let ids = others.prefix(count).map { "\($0.id)" }.joined(separator: ",")
            let body = #"{"type":"group","name":"x","participant_ids":[\#(ids)]}"#
            return try await client.send(.post, "/chats", body, token: ada.token)
        }

        /// Makes a chat of the founder and the first of the others.
        func makeChat() async throws -> Int64 { try await client.makeGroup(by: ada, with: [others[0]]) }

        /// How many are in a chat.
        func count(in chat: Int64) async throws -> Int {
            try await client.send(.get, "/chats/\(chat)/participants", token: ada.token).items.count
        }

        /// All requests at the same moment, by turns at the two nodes.
        func atOnce(_ wishes: [(TestUser, String, String?)]) async throws -> [TestAnswer] {
            let clients = wishes.indices.map { LoopBound(scene.client(of: nodes.servers[$0 % 2]), loop: scene.loop) }
            return try await withThrowingTaskGroup(of: TestAnswer.self) { [loop = scene.loop] group in
                for (client, (user, path, body)) in zip(clients, wishes) {
                    group.addTask(executorPreference: loop) {
                        try await loop.actor.run { _ in
                            try await client.value.send(.post, path, body, token: user.token)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
    }
}
