import IOCore
import JSON
import Support
import Testing
import Web

/// How soon those who missed something have it, once what kept it from them is back.
///
/// On a machine of two cores that does nothing else it is a fraction of a second, as the times printed say; the bounds
/// only tell that it was not the comparison of heads, every fifteen seconds, which brought it.
@Suite(.realTime) struct ServerCatchUpTests {
    private static let soon = Duration.seconds(14)

    /// Somebody who writes without a pause on the first node.
    private static func writer(_ scene: ServerScene, _ pair: NodePair) async throws -> ServerLoad {
        let load = ServerLoad(chat: pair.chat, loop: scene.loop)
        load.add(try await TestSocket.ready(pair.clients[0], as: pair.ada))
        return load
    }

    /// The time until a reader, over its sockets together, has what is acknowledged now.
    private static func catchUp(_ load: ServerLoad, _ sockets: [TestSocket]) async throws -> Duration {
        let loop = sockets[0].loop
        let start = loop.now
        let count = load.acked.count
        try await eventually("\(count) messages") { sockets.reduce(0) { $0 + $1.count("message.new") } >= count }
        return loop.now - start
    }

    /// That a reader got every acknowledged message once and in order, and nothing else.
    private static func expectAll(_ load: ServerLoad, at sockets: [TestSocket]) async throws {
        load.stop()
        try await eventually("all is answered") { load.unanswered.isEmpty }
        _ = try await catchUp(load, sockets)
        let sequences = sockets.flatMap { $0.takeAll("message.new") }.map { $0.object("message").integer("seq") }
        #expect(sequences == (1...Int64(load.acked.count)).map { $0 })
        #expect(load.messages.allSatisfy { $0.refusal == nil })
    }

    @Test
    func `what was sent while Redis was dead is there soon after its return`() async throws {
        try await ServerScene.run { scene in
            let pair = try await NodePair(scene)
            defer { withExtendedLifetime(pair) {} }
            let bens = try await TestSocket.ready(pair.clients[1], as: pair.ben)
            let load = try await Self.writer(scene, pair)
            for _ in 0..<2 {
                try await eventually("it flows") { bens.count("message.new") + 20 > load.acked.count }
                scene.redis.kill()
                await scene.loop.sleep(for: .seconds(5))
                try await scene.redis.start()
                let time = try await Self.catchUp(load, [bens])
                print("caught up \(time) after the return of Redis")
                #expect(time < Self.soon)
            }
            try await Self.expectAll(load, at: [bens])
        }
    }

    @Test
    func `who was on a node that died has all of it soon after coming to another`() async throws {
        try await ServerScene.run { scene in
            let pair = try await NodePair(scene)
            defer { withExtendedLifetime(pair) {} }
            let bens = try await TestSocket.ready(pair.clients[1], as: pair.ben)
            let load = try await Self.writer(scene, pair)
            try await eventually("it flows") { bens.count("message.new") > 20 }
            pair.servers[1].kill()
            _ = try await bens.closeStatus()
            let missed = load.acked.count + 40
            try await eventually("some more is sent") { load.acked.count >= missed }
            let last = bens.frames.last { $0.string("type") == "message.new" }?.integer("offset") ?? 0
            let start = scene.loop.now
            let again = try await TestSocket.connect(to: pair.clients[0], .header(pair.ben.token), query: "resume=1")
            let epoch = try #require(try await again.frame("hello").string("epoch"))
            again.send(#"{"type":"resume","epoch":"\#(epoch)","cursors":{"\#(pair.chat)":\#(last)}}"#)
            let answer = try #require(try await again.frame("resumed").objects("chats").first)
            #expect(answer.integer("from") == last + 1)
            _ = try await Self.catchUp(load, [bens, again])
            let time = scene.loop.now - start
            print("caught up \(time) after coming to another node")
            #expect(time < Self.soon)
            try await Self.expectAll(load, at: [bens, again])
        }
    }
}
