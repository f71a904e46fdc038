import Support
import Testing
import Web

/// A server that may open few files.
@Suite(.realTime) struct ServerOpenFilesTests {
    @Test func `clients get what the stores do not need, the others are told so, and it goes on serving`() async throws
    {
        try await ServerScene.run { scene in
            let server = try ServerUnderTest(stores: scene.stores)
            server.launcher = ["/bin/sh", "-c", #"ulimit -n 300 && exec "$0" "$@""#]
            try await server.start()
            var clients: [HTTPClient] = []
            var served = 0
            for _ in 0..<100 {
                let client = try await HTTPClient.connect(
                    port: server.port,
                    loop: scene.loop,
                    resolver: scene.resolver
                )
                clients.append(client)
                let answer = try? await client.send(.get, "/health/live", deadline: .seconds(30))
                if answer?.status.code == 200 { served += 1 }
            }
            // 208 of the 300 and more are not theirs; of the rest every loop has its share, whether so many come to it or not.
            #expect((1...92).contains(served))
            for client in clients { client.close() }
            let client = scene.client(of: server)
            try await eventually("it serves again") {
                (try? await client.send(.get, "//health/ready").status) == 200
            }
            #expect(server.isRunning)
        }
    }
}
