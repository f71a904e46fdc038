import IOCore
import JSON
import Postgres
import Support
import Testing
import Web

/// A server that cannot finish what it has begun, and is told to stop.
@Suite(.realTime) struct ServerStopTests {
    @Test
    func `a server whose stores keep it from ending ends all the same, and nothing that was acknowledged is lost`()
        async throws
    {
        try await ServerScene.run { scene in
            // Of the messages the second is the one that both stores never hold: its documents wait for ten minutes.
            let server = try await scene.startServer(["DUOLOGUE_FAILPOINTS": "apply.before=delay:600s@3-"])
            let client = scene.client(of: server)
            let ada = try await client.makeUser("ada")
            let chat = try await client.makeGroup(by: ada)
            let socket = try await TestSocket.ready(client, as: ada)
            var number = 0
            func say() {
                number += 1
                socket.sendMessage("\(number)", to: chat, id: "\(number)")
            }
            say()
            _ = try await socket.frame("ack")
            try await eventually("a message is committed and goes no further") {
                say()
                await scene.loop.sleep(for: .milliseconds(200))
                return server.log.contains("failpoint delays")
            }
            let acked = socket.takeAll("ack").count + 1
            let begin = scene.loop.now
            server.terminate()
            #expect(try await server.exitStatus(within: .seconds(90)) == 1)
            #expect(scene.loop.now - begin > .seconds(20), "it had time to finish")

            server.variables["DUOLOGUE_FAILPOINTS"] = nil
            try await server.restart()
            try await scene.expectConsistency()
            #expect(try await client.history(of: chat, as: ada).count >= acked)
        }
    }
}
