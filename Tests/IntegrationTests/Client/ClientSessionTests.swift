import Domain
import DuologueClient
import IOCore
import Security
import Storage
import Support
import Testing
import Web

/// What becomes of the client library's session with a real server.
@Suite(.realTime) struct ClientSessionTests {
    @Test
    func `a token that ends under an open socket is renewed, and nothing is lost`() async throws {
        try await ServerScene.run { scene in
            let scene = try await ClientScene.start(scene)
            let ada = try await scene.makeClient("ada")
            let registered = try await scene.makeClient("eve")
            let chat = try await ada.createGroup("Group", with: [try await registered.me().id]).id
            let fresh = try #require(await registered.credentials)
            let eve = try DuologueClient(server: scene.url, credentials: try Self.nearItsEnd(fresh))
            try await ClientProbe.watch(eve) { probe in
                try await probe.waitUntilConnected()
                try await ada.send("before", to: chat)
                try await eventually("new credentials") {
                    probe.events.contains { if case .credentialsRenewed = $0 { true } else { false } }
                }
                try await probe.waitUntilConnected()
                try await ada.send("after", to: chat)
                try await eventually("all messages") { probe.contents(chat).last == "after" }
                #expect(probe.contents(chat) == ["before", "after"])
                try await eve.send("from eve", to: chat)
                let renewed = try #require(await eve.credentials)
                #expect(renewed.refreshToken != fresh.refreshToken)
            }
        }
    }

    @Test
    func `a session that was logged out elsewhere ends the client, and what it has not sent fails`() async throws {
        try await ServerScene.run { scene in
            let resolver = scene.resolver
            let loop = scene.loop
            let scene = try await ClientScene.start(scene)
            let ada = try await scene.makeClient("ada")
            let chat = try await ada.createGroup("Group", with: []).id
            let token = try #require(await ada.credentials).accessToken
            let port = scene.server.port
            let proxy = scene.proxy
            try await ClientProbe.watch(ada) { probe in
                try await probe.waitUntilConnected()
                await proxy.change(to: .refusing)
                let pending = try await ada.enqueue(.init("never"), to: chat)
                let status = try await loop.run { actor in
                    let client = TestClient(port: port, loop: actor.loop, resolver: resolver)
                    return try await client.send(.post, "/auth/logout", token: token).status
                }
                #expect(status == 204)
                await proxy.change(to: .calm)
                let error = await #expect(throws: DuologueError.self) { try await pending.acknowledgement() }
                #expect(error?.code == .sessionEnded)
                try await eventually("the end") { probe.outcome != nil }
                guard case .failure(let reason)? = probe.outcome else {
                    Issue.record("it ended well")
                    return
                }
                #expect(reason.code == .sessionEnded)
            }
        }
    }

    @Test
    func `a line that goes dead while the client comes back is given up, and nothing is lost`() async throws {
        try await ServerScene.run { scene in
            let scene = try await ClientScene.start(scene, ["SOCKET_SILENCE_SECONDS": "8"])
            let ada = try await scene.makeClient("ada", isCutOff: false)
            let eve = try await scene.makeClient("eve")
            let chat = try await ada.createGroup("Group", with: [try await eve.me().id]).id
            let proxy = scene.proxy
            try await ClientProbe.watch(eve) { probe in
                try await probe.waitUntilConnected()
                var sent: [String] = []
                for round in 1...3 {
                    await proxy.change(to: .blackHole)
                    await proxy.cutAll()
                    for number in 1...10 {
                        sent.append("\(round) \(number)")
                        try await ada.send(sent[sent.count - 1], to: chat)
                    }
                    try await eventually("it tries again") {
                        probe.events.count { $0 == .connection(.connecting) } > round
                    }
                    await proxy.change(to: .calm)
                    try await eventually("all messages") { probe.contents(chat).count == sent.count }
                }
                #expect(probe.contents(chat) == sent)
                #expect(probe.resets(chat) == 0)
            }
        }
    }

    /// The same session with a token that lives for some seconds more, of which the client does not know.
    private static func nearItsEnd(_ credentials: DuologueClient.Credentials) throws -> DuologueClient.Credentials {
        let authority = AccessTokenAuthority(secret: try SigningSecret(ServerUnderTest.secret))
        let now = Timestamp(milliseconds: 0)
        let known = try authority.verify(credentials.accessToken, now: now)
        let dying = AccessToken(
            user: known.user,
            session: known.session,
            issuedAt: Timestamp(milliseconds: known.issuedAt.milliseconds - 890_000),
            lifetime: .seconds(900)
        )
        return DuologueClient.Credentials(
            accessToken: authority.sign(dying),
            refreshToken: credentials.refreshToken,
            lifetime: .seconds(900)
        )
    }
}
