import IOCore
import JSON
import Support
import Testing
import Web

/// MAX_CHAT_MEMBERS, on every way into a chat.
@Suite(.realTime) struct ServerMemberLimitTests {
    @Test func `no chat gets more members than the operator allows, however many come at once`() async throws {
        try await ServerScene.run { scene in
            let nodes = try await NodePair(scene, ["MAX_CHAT_MEMBERS": "3"])
            defer { withExtendedLifetime(nodes) {} }
            let (client, ada) = (nodes.clients[0], nodes.ada)
            var others: [TestUser] = []
            for name in ["cyd", "dan", "eve", "fay"] { others.append(try await client.makeUser(name)) }
            let ids = others.prefix(3).map { "\($0.id)" }.joined(separator: ",")
            let large = #"{"type":"group","name":"x","participant_ids":[\#(ids)]}"#
            let refused = try await client.send(.post, "/chats", large, token: ada.token)
            #expect(refused.status == 400 && refused.code == "limit_exceeded")

            let chat = nodes.chat
            let made = try await client.send(.post, "/chats/\(chat)/invites", "{}", token: ada.token)
            let code = try #require(made.object.string("code"))
            _ = try await client.send(.patch, "/chats/\(chat)", #"{"visibility":"public"}"#, token: ada.token)
            // One place is free. Two come by an invite, one by the open door, and one is brought.
            let wishes: [(TestUser, String, String?)] = [
                (others[0], "/chats/\(chat)/join", #"{"invite":"\#(code)"}"#),
                (others[1], "/chats/\(chat)/join", #"{"invite":"\#(code)"}"#),
                (others[2], "/chats/\(chat)/join", nil),
                (ada, "/chats/\(chat)/participants", #"{"user_id":\#(others[3].id)}"#),
            ]
            let answers = try await Self.atOnce(scene, nodes, wishes)
            #expect(answers.map(\.status).sorted() == [201, 400, 400, 400], "\(answers.map(\.text))")
            #expect(answers.filter { $0.status == 400 }.allSatisfy { $0.code == "limit_exceeded" })
            let seen = try await client.send(.get, "/chats/\(chat)/participants", token: ada.token)
            #expect(seen.items.count == 3)
        }
    }

    /// All requests at the same moment, by turns at the two nodes.
    private static func atOnce(
        _ scene: ServerScene,
        _ nodes: NodePair,
        _ wishes: [(TestUser, String, String?)]
    ) async throws -> [TestAnswer] {
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
