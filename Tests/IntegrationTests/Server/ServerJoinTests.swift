import IOCore
import JSON
import Support
import Testing
import Web

/// Joining, leaving and one's own settings, over two processes on the same stores.
@Suite(.realTime) struct ServerJoinTests {
    @Test
    func `who joins by an invite hears the chat from that event on, and the members hear of it`() async throws {
        try await ServerScene.run { scene in
            let pair = try await NodePair(scene)
            defer { withExtendedLifetime(pair) {} }
            let (clients, ada, ben, chat) = (pair.clients, pair.ada, pair.ben, pair.chat)
            let eve = try await clients[1].makeUser("eve")
            let bens = try await TestSocket.ready(clients[1], as: ben)
            let eves = try await TestSocket.ready(clients[1], as: eve)
            let made = try await clients[0].send(.post, "/chats/\(chat)/invites", #"{"max_uses":1}"#, token: ada.token)
            let code = try #require(made.object.string("code"))
            let key = [(name: "Idempotency-Key", value: "join")]
            let body = #"{"invite":"\#(code)"}"#
            func join() async throws -> TestAnswer {
                try await clients[1].send(.post, "/chats/\(chat)/join", body, token: eve.token, headers: key)
            }
            let joined = try await join()
            #expect(joined.status == 201 && joined.object.integer("participant_count") == 3)
            let repeated = try await join()
            #expect(repeated.status == 200 && repeated.object.integer("chat_id") == chat)
            let own = try await eves.frame("participant.added")
            #expect(own.object("participant").integer("user_id") == eve.id)
            #expect(own.object("chat").integer("participant_count") == 3)
            let seen = try await bens.frame("participant.added")
            #expect(seen.object("participant").integer("user_id") == eve.id && seen.integer("offset") == 2)
            _ = try await clients[0].send(.post, "/chats/\(chat)/messages", #"{"content":"hi"}"#, token: ada.token)
            #expect(try await eves.frame("message.new").integer("offset") == 3)

            // The same request after leaving is the first answer no more, and the invite is used up.
            #expect(try await clients[1].send(.delete, "/chats/\(chat)", token: eve.token).status == 204)
            #expect(try await join().code == "chat_not_found")
            let late = try await clients[1].send(.post, "/chats/\(chat)/join", body, token: eve.token)
            #expect(late.status == 404 && late.code == "chat_not_found")
        }
    }

    @Test
    func `a pair that opens its direct chat over two nodes at once has one, and so have their sockets`() async throws {
        try await ServerScene.run { scene in
            let pair = try await NodePair(scene)
            defer { withExtendedLifetime(pair) {} }
            let (clients, ada, ben) = (pair.clients, pair.ada, pair.ben)
            let callers = [(clients[0], ada, ben), (clients[1], ben, ada)].map { client, user, other in
                (client: LoopBound(client, loop: scene.loop), user: user, other: other)
            }
            let answers = try await withThrowingTaskGroup(of: TestAnswer.self) { [loop = scene.loop] group in
                for (client, user, other) in callers {
                    group.addTask(executorPreference: loop) {
                        try await loop.actor.run { _ in
                            let body = #"{"type":"direct","participant_ids":[\#(other.id)]}"#
                            return try await client.value.send(.post, "/chats", body, token: user.token)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.map(\.status).sorted() == [200, 201])
            #expect(answers[0].object.integer("chat_id") == answers[1].object.integer("chat_id"))
            let list = try await clients[0].send(.get, "/chats", token: ada.token)
            #expect(list.items.count { $0.string("type") == "direct" } == 1)
        }
    }

    @Test
    func `settings reach the user's devices on both nodes, and nobody else's`() async throws {
        try await ServerScene.run { scene in
            let pair = try await NodePair(scene)
            defer { withExtendedLifetime(pair) {} }
            let (clients, ada, ben, chat) = (pair.clients, pair.ada, pair.ben, pair.chat)
            let adas = try await TestSocket.ready(clients[0], as: ada)
            let devices = [
                try await TestSocket.ready(clients[0], as: ben), try await TestSocket.ready(clients[1], as: ben),
            ]
            let path = "/chats/\(chat)/my"
            let marked = try await clients[1].send(.put, path, #"{"marked_unread":true}"#, token: ben.token)
            #expect(marked.status == 200)
            for socket in devices {
                let update = try await socket.frame("my.updated")
                #expect(update.integer("chat_id") == chat && update.object("my") == marked.object)
            }
            let read = try await clients[0].send(.post, "/chats/\(chat)/read", #"{"seq":0}"#, token: ben.token)
            #expect(read.status == 200)
            for socket in devices {
                #expect(try await socket.frame("my.updated").object("my").bool("marked_unread") == false)
            }
            // What follows the settings on the same way shows that they did not come.
            adas.sendMessage("after", to: chat, id: "1")
            _ = try await adas.frame("message.new")
            #expect(adas.count("my.updated") == 0)
        }
    }
}
