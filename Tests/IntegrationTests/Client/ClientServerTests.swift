import DuologueClient
import Support
import Testing

/// The client library against a real server.
@Suite(.realTime) struct ClientServerTests {
    @Test
    func `everything the server does for a conversation can be asked for, and is told`() async throws {
        try await ServerScene.run { scene in
            let scene = try await ClientScene.start(scene)
            let ada = try await scene.makeClient("ada")
            let eve = try await scene.makeClient("eve")
            let eveID = try await eve.me().id
            let chat = try await ada.createGroup("Group", with: [eveID], summary: "of two").id
            try await ClientProbe.watch(eve) { probe in
                try await probe.waitUntilConnected()
                let first = try await ada.send("hello", to: chat)
                let reply = try await eve.send("hello yourself", to: chat, replyTo: first.id)
                let inThread = try await eve.send(.init("in a thread", threadRoot: first.id), to: chat)
                #expect(try await ada.edit(first.id, to: "hello, all").content == "hello, all")
                #expect(try await ada.react(to: reply.id, with: "👍").reactions.first?.users.count == 1)
                #expect(try await ada.reactions(on: reply.id).items.first?.emoji == "👍")
                #expect(try await ada.removeReaction("👍", from: reply.id).reactions.isEmpty)
                #expect(try await ada.revisions(of: first.id).items.first?.content == "hello")
                try await ada.pin(first.id)
                #expect(try await eve.pins(of: chat).items.map(\.id) == [first.id])
                try await eve.unpin(first.id)
                try await eve.delete(reply.id)
                try await eve.restore(reply.id)
                #expect(try await ada.replies(to: first.id).items.map(\.id) == [inThread.id])
                #expect(try await ada.message(first.id).replyCount == 1)
                #expect(try await ada.messages(of: chat, .before(3)).items.map(\.sequence) == [1, 2])
                #expect(try await ada.update(chat, name: "Pair").name == "Pair")
                try await ada.changeRole(of: eveID, in: chat, to: .admin)
                #expect(try await ada.participants(of: chat).items.map(\.role) == [.owner, .admin])
                #expect(try await ada.chats().items.map(\.id) == [chat])
                try await ada.remove(eveID, from: chat)
                let events = try await ada.allEvents(of: chat)
                try await eventually("all events") { probe.chatEvents(chat).last?.offset == events.last?.offset }
                #expect(
                    probe.chatEvents(chat).map(\.offset) == events.map(\.offset).suffix(probe.chatEvents(chat).count)
                )
                let error = await #expect(throws: DuologueError.self) { try await eve.chat(chat) }
                #expect(error?.code == .chatNotFound && error?.status == 404 && error?.requestID != nil)
            }
        }
    }

    @Test
    func `a wrong password and a taken name are told as such`() async throws {
        try await ServerScene.run { scene in
            let scene = try await ClientScene.start(scene)
            let ada = try await scene.makeClient("ada")
            let name = try await ada.me().username
            let wrong = await #expect(throws: DuologueError.self) {
                try await DuologueClient.login(server: ada.server, username: name, password: "not the password")
            }
            #expect(wrong?.code == .invalidCredentials)
            let taken = await #expect(throws: DuologueError.self) {
                try await DuologueClient.register(
                    server: ada.server,
                    username: name,
                    email: "other@example.org",
                    password: TestUser.password
                )
            }
            #expect(taken?.code == .usernameTaken)
            #expect(taken?.isRetryable == false)
        }
    }

    @Test
    func `a session goes on from kept credentials and a kept position`() async throws {
        try await ServerScene.run { scene in
            let scene = try await ClientScene.start(scene)
            let ada = try await scene.makeClient("ada")
            let eve = try await scene.makeClient("eve")
            let chat = try await ada.openDirectChat(with: try await eve.me().id).id
            try await ClientProbe.watch(eve) { try await $0.waitUntilConnected() }
            try await ada.send("while eve was here", to: chat)
            try await eventually("a position") { await eve.position?.offsets[chat] == 2 }
            var configuration = DuologueClient.Configuration()
            configuration.position = await eve.position
            let credentials = try #require(await eve.credentials)
            await eve.close()
            try await ada.send("while she was away", to: chat)
            let again = try DuologueClient(server: scene.url, credentials: credentials, configuration: configuration)
            try await ClientProbe.watch(again) { probe in
                try await probe.waitUntilConnected()
                // What was acknowledged a moment ago may be beyond the announced head, and then comes live.
                try await eventually("what was missed") { !probe.contents(chat).isEmpty }
                #expect(probe.contents(chat) == ["while she was away"])
            }
        }
    }
}
