import JSON
import Support
import Testing
import Web

/// What blocks and settings keep from others, over two nodes.
@Suite(.serialized, .realTime) struct ServerBlockTests {
    private static func isPresence(_ frame: JSONObject, of user: TestUser, _ status: String? = nil) -> Bool {
        frame.string("type") == "presence" && frame.integer("user_id") == user.id
            && (status == nil || frame.string("status") == status)
    }

    @Test func `the blocked neither see the blocker typing nor present, and others do`() async throws {
        try await ServerScene.run { scene in
            let nodes = try await NodePair(scene)
            let (here, there, ada, ben) = (nodes.clients[0], nodes.clients[1], nodes.ada, nodes.ben)
            let eve = try await there.makeUser("eve")
            let chat = try await here.makeGroup(by: ada, with: [ben, eve])
            let bens = try await TestSocket.ready(there, as: ben)
            let eves = try await TestSocket.ready(there, as: eve)
            let adas = try await TestSocket.ready(here, as: ada)
            _ = try await bens.frame("ada there", within: .seconds(30)) { Self.isPresence($0, of: ada) }
            let blocked = try await here.send(.put, "/users/me/blocks/\(ben.id)", token: ada.token)
            #expect(blocked.status == 204)
            // To each the other one seems to have left.
            _ = try await bens.frame("ada gone", within: .seconds(30)) { Self.isPresence($0, of: ada, "offline") }
            _ = try await adas.frame("ben gone", within: .seconds(30)) { Self.isPresence($0, of: ben, "offline") }
            adas.send(#"{"type":"presence","status":"dnd"}"#)
            adas.send(#"{"type":"typing","chat_id":\#(chat),"state":"start"}"#)
            _ = try await eves.frame("typing.start", within: .seconds(30))
            _ = try await eves.frame("ada busy", within: .seconds(30)) { Self.isPresence($0, of: ada, "dnd") }
            // What is said in the chat afterwards reaches ben by the same way.
            adas.sendMessage("hello", to: chat, id: "1")
            _ = try await eves.frame("typing.stop", within: .seconds(30))
            _ = try await bens.frame("message.new", within: .seconds(30))
            #expect(bens.count("typing.start") == 0 && bens.count("typing.stop") == 0)
            #expect(!bens.frames.contains { Self.isPresence($0, of: ada, "dnd") })
            // Nor is one who comes later told.
            let late = try await TestSocket.ready(there, as: ben)
            _ = try await late.frame("eve there", within: .seconds(30)) { Self.isPresence($0, of: eve) }
            adas.sendMessage("hello again", to: chat, id: "2")
            _ = try await late.frame("message.new", within: .seconds(30))
            #expect(!late.frames.contains { Self.isPresence($0, of: ada) })
        }
    }

    @Test func `after an unblock both are told who is there on sockets that are open, over two nodes`() async throws {
        try await ServerScene.run { scene in
            let nodes = try await NodePair(scene)
            defer { withExtendedLifetime(nodes) {} }
            let (here, there, ada, ben) = (nodes.clients[0], nodes.clients[1], nodes.ada, nodes.ben)
            let bens = try await TestSocket.ready(there, as: ben)
            let adas = try await TestSocket.ready(here, as: ada)
            _ = try await bens.frame("ada there") { Self.isPresence($0, of: ada, "online") }
            _ = try await adas.frame("ben there") { Self.isPresence($0, of: ben, "online") }
            #expect(try await here.send(.put, "/users/me/blocks/\(ben.id)", token: ada.token).status == 204)
            _ = try await bens.frame("ada gone") { Self.isPresence($0, of: ada, "offline") }
            _ = try await adas.frame("ben gone") { Self.isPresence($0, of: ben, "offline") }
            // Told to their own devices; what the other is told of it afterwards is new.
            adas.send(#"{"type":"presence","status":"dnd"}"#)
            bens.send(#"{"type":"presence","status":"away"}"#)
            _ = try await adas.frame("ada busy") { Self.isPresence($0, of: ada, "dnd") }
            _ = try await bens.frame("ben away") { Self.isPresence($0, of: ben, "away") }
            #expect(try await here.send(.delete, "/users/me/blocks/\(ben.id)", token: ada.token).status == 204)
            _ = try await bens.frame("ada busy") { Self.isPresence($0, of: ada, "dnd") }
            _ = try await adas.frame("ben away") { Self.isPresence($0, of: ben, "away") }
        }
    }

    @Test func `neither a block nor its end tells anything of somebody who seems offline already`() async throws {
        try await ServerScene.run { scene in
            let nodes = try await NodePair(scene)
            defer { withExtendedLifetime(nodes) {} }
            let (here, there, ada, ben) = (nodes.clients[0], nodes.clients[1], nodes.ada, nodes.ben)
            let bens = try await TestSocket.ready(there, as: ben)
            let adas = try await TestSocket.ready(there, as: ada)
            _ = try await bens.frame("ada there") { Self.isPresence($0, of: ada, "online") }
            adas.send(#"{"type":"presence","status":"invisible"}"#)
            _ = try await bens.frame("ada gone") { Self.isPresence($0, of: ada, "offline") }
            _ = try await adas.frame("ben there") { Self.isPresence($0, of: ben, "online") }
            _ = bens.takeAll("presence")
            for (method, status) in [(HTTPMethod.put, "offline"), (.delete, "online")] {
                _ = adas.takeAll("presence")
                #expect(try await here.send(method, "/users/me/blocks/\(ben.id)", token: ada.token).status == 204)
                // Both are told at once, by the same node, and what is said afterwards comes after that.
                _ = try await adas.frame("ben \(status)") { Self.isPresence($0, of: ben, status) }
                adas.sendMessage("hello", to: nodes.chat, id: status)
                _ = try await bens.frame("message.new")
                #expect(!bens.frames.contains { Self.isPresence($0, of: ada) })
            }
        }
    }

    @Test func `a receipt that is kept reaches one's own devices alone`() async throws {
        try await ServerScene.run { scene in
            let nodes = try await NodePair(scene)
            let (here, there, ada, ben) = (nodes.clients[0], nodes.clients[1], nodes.ada, nodes.ben)
            let adas = try await TestSocket.ready(here, as: ada)
            let bens = try await TestSocket.ready(there, as: ben)
            let settings = #"{"read_receipts":false}"#
            #expect(try await there.send(.put, "/users/me/settings", settings, token: ben.token).status == 200)
            adas.sendMessage("hello", to: nodes.chat, id: "1")
            _ = try await bens.frame("message.new", within: .seconds(30))
            bens.send(#"{"type":"read","id":"r","chat_id":\#(nodes.chat),"seq":1}"#)
            let own = try await bens.frame("receipt", within: .seconds(30))
            #expect(own.integer("user_id") == ben.id)
            // Ada's own mark is told, after whatever would have been told of ben's.
            adas.send(#"{"type":"read","id":"r","chat_id":\#(nodes.chat),"seq":1}"#)
            let receipt = try await adas.frame("receipt", within: .seconds(30))
            #expect(receipt.integer("user_id") == ada.id)
            let list = try await here.send(.get, "/chats/\(nodes.chat)/receipts", token: ada.token)
            #expect(list.items.map { $0.integer("user_id") } == [ada.id])
        }
    }

    @Test func `a direct chat that is closed is 403 blocked on every node, by socket too, until it is opened`()
        async throws
    {
        try await ServerScene.run { scene in
            let nodes = try await NodePair(scene)
            let (here, there, ada, ben) = (nodes.clients[0], nodes.clients[1], nodes.ada, nodes.ben)
            func open(_ client: TestClient, _ one: TestUser, _ other: TestUser) async throws -> TestAnswer {
                let fields = #"{"type":"direct","participant_ids":[\#(other.id)]}"#
                return try await client.send(.post, "/chats", fields, token: one.token)
            }
            let chat = try #require(try await open(here, ada, ben).object.integer("chat_id"))
            let bens = try await TestSocket.ready(there, as: ben)
            #expect(try await here.send(.put, "/users/me/blocks/\(ben.id)", token: ada.token).status == 204)
            bens.sendMessage("hello", to: chat, id: "1")
            let error = try await bens.frame("error", within: .seconds(30))
            #expect(error.string("code") == "blocked")
            let opened = try await open(there, ben, ada)
            #expect(opened.status == 403 && opened.code == "blocked")
            #expect(try await here.send(.delete, "/users/me/blocks/\(ben.id)", token: ada.token).status == 204)
            bens.sendMessage("hello", to: chat, id: "2")
            _ = try await bens.frame("ack", within: .seconds(30))
            #expect(try await open(there, ben, ada).status == 200)
        }
    }
}
