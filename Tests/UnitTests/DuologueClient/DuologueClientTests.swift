import Support
import Testing

@testable import DuologueClient

/// The client against a server whose faults the test decides on.
@Suite(.realTime) struct DuologueClientTests {
    @Test
    func `what others send is told, each event once and in order`() async throws {
        try await ScriptedServer.run { server in
            await server { $0.makeChat(1) }
            let client = try await Self.logIn(server)
            try await ClientProbe.watch(client) { probe in
                try await probe.waitUntilConnected()
                await server { script in for number in 1...50 { script.post("m\(number)", to: 1) } }
                try await eventually("fifty messages") { probe.contents(1).count == 50 }
                #expect(probe.contents(1) == (1...50).map { "m\($0)" })
                #expect(probe.chatEvents(1).map(\.offset) == Array(2...51))
            }
        }
    }

    @Test
    func `what happened while the connection was cut is told after it, with nothing lost or doubled`() async throws {
        try await ScriptedServer.run { server in
            await server { $0.makeChat(1) }
            let client = try await Self.logIn(server)
            try await ClientProbe.watch(client) { probe in
                try await probe.waitUntilConnected()
                for round in 1...10 {
                    await server { script in
                        script.post("before \(round)", to: 1)
                        script.cutAll()
                        script.post("after \(round)", to: 1)
                    }
                    try await probe.waitUntilConnected(round + 1)
                }
                #expect(probe.chatEvents(1).map(\.offset) == Array(2...21))
                #expect(await server { $0.resumes.count } == 10)
                #expect(await server { $0.eventRequests } == 0)
            }
        }
    }

    @Test
    func `a chat that went too far, a chat that is gone and a new history are told as such`() async throws {
        try await ScriptedServer.run { server in
            await server { script in for chat in 1...3 { script.makeChat(Int64(chat)) } }
            let client = try await Self.logIn(server)
            try await ClientProbe.watch(client) { probe in
                try await probe.waitUntilConnected()
                await server { script in
                    script.cutAll()
                    for number in 1...101 { script.post("\(number)", to: 1) }
                    for number in 1...100 { script.post("\(number)", to: 2) }
                    script.remove(3)
                    script.makeChat(4)
                }
                try await probe.waitUntilConnected(2)
                #expect(probe.events.contains(.reset(1, lastOffset: 102)))
                #expect(probe.chatEvents(1).isEmpty)
                #expect(probe.chatEvents(2).map(\.offset) == Array(2...101))
                #expect(probe.events.contains(.gone(3)))
                #expect(probe.events.contains(.reset(4, lastOffset: 1)))
                await server { _ = $0.post("live", to: 1) }
                try await eventually("a live event") { probe.contents(1) == ["live"] }
                await server { script in
                    script.epoch = "e2"
                    script.cutAll()
                }
                try await probe.waitUntilConnected(3)
                #expect(probe.events.contains(.reset(1, lastOffset: 103)))
                #expect(await server { $0.resumes } == ["e1", "e1"])
            }
        }
    }

    @Test
    func `a hole is filled from the server before what follows it is told`() async throws {
        try await ScriptedServer.run { server in
            await server { script in
                script.makeChat(1)
                script.withheld = [3, 4]
            }
            let client = try await Self.logIn(server)
            try await ClientProbe.watch(client) { probe in
                try await probe.waitUntilConnected()
                await server { script in for number in 2...6 { script.post("m\(number)", to: 1) } }
                try await eventually("all five") { probe.contents(1).count == 5 }
                #expect(probe.chatEvents(1).map(\.offset) == Array(2...6))
                #expect(await server { $0.handshakes } == 1)
            }
        }
    }

    @Test
    func `a lost tail shows by the heads of a heartbeat`() async throws {
        try await ScriptedServer.run { server in
            await server { script in
                script.makeChat(1)
                script.withheld = [2, 3]
            }
            let client = try await Self.logIn(server)
            try await ClientProbe.watch(client) { probe in
                try await probe.waitUntilConnected()
                await server { script in
                    script.post("lost", to: 1)
                    script.post("lost too", to: 1)
                    script.beat()
                }
                try await eventually("the lost ones") { probe.contents(1) == ["lost", "lost too"] }
            }
        }
    }

    @Test
    func `an expired token is renewed once for all who ask`() async throws {
        try await ScriptedServer.run { server in
            let client = try await Self.logIn(server)
            await server { $0.token = "another" }
            let names = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<5 { group.addTask { try await client.me().username } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(names.count == 5)
            #expect(await server { $0.refreshes } == 1)
            let credentials = await client.credentials
            #expect(credentials?.refreshToken == "refresh-2")
        }
    }

    @Test
    func `a token is renewed before it expires, and shown to the open socket`() async throws {
        try await ScriptedServer.run { server in
            // Long enough to be connected by then.
            await server { $0.lifetimeSeconds = 6 }
            let client = try await Self.logIn(server)
            await server { $0.lifetimeSeconds = 900 }
            try await ClientProbe.watch(client) { probe in
                try await probe.waitUntilConnected()
                try await eventually("the new token") { await server { $0.presentedTokens } == ["token-2"] }
                #expect(await server { $0.handshakes } == 1)
                let renewed = probe.events.contains { if case .credentialsRenewed = $0 { true } else { false } }
                #expect(renewed)
            }
        }
    }

    @Test
    func `a socket closed with 4001 is opened with a fresh token, and once only`() async throws {
        try await ScriptedServer.run { server in
            await server { $0.closeCodes = [4001] }
            let client = try await Self.logIn(server)
            try await ClientProbe.watch(client) { probe in
                try await probe.waitUntilConnected(2)
                #expect(await server { $0.refreshes } == 1)
                await server { script in
                    script.refusals = [401, 401, 401]
                    script.cutAll()
                }
                try await eventually("the end") { probe.outcome != nil }
                guard case .failure(let error)? = probe.outcome else { return }
                #expect(error.code == .sessionEnded)
                #expect(await server { $0.refreshes } == 2)
            }
        }
    }

    @Test(arguments: [(4003, DuologueError.Code.forbidden), (4010, .sessionEnded)])
    func `a terminal close ends the client, its iterations and its queue`(
        code: Int,
        expected: DuologueError.Code
    ) async throws {
        try await ScriptedServer.run { server in
            await server { script in
                script.makeChat(1)
                script.faults = [.refusal(code: "store_unavailable", isRetryable: true)]
            }
            let client = try await Self.logIn(server)
            try await ClientProbe.watch(client) { probe in
                try await probe.waitUntilConnected()
                let pending = try await client.enqueue(.init("never"), to: 1)
                await server { $0.closeAll(UInt16(code)) }
                let error = await #expect(throws: DuologueError.self) { try await pending.acknowledgement() }
                try await eventually("the end") { probe.outcome != nil }
                guard case .failure(let reason)? = probe.outcome else { return }
                #expect(reason.code == expected)
                #expect(error?.code == expected)
                #expect(probe.events.last == .connection(.closed))
                await #expect(throws: DuologueError.self) { try await client.send("more", to: 1) }
                #expect(await server { $0.handshakes } == 1)
            }
        }
    }

    @Test(arguments: [1000, 1001, 1012, 1013, 4000, 4008, 4009])
    func `any other close is followed by another connection`(code: Int) async throws {
        try await ScriptedServer.run { server in
            await server { $0.closeCodes = [UInt16(code)] }
            let client = try await Self.logIn(server)
            try await ClientProbe.watch(client) { try await $0.waitUntilConnected(2) }
        }
    }

    @Test
    func `a handshake that the server is too busy for is tried again`() async throws {
        try await ScriptedServer.run { server in
            await server { $0.refusals = [503, 429, 500] }
            let client = try await Self.logIn(server)
            try await ClientProbe.watch(client) { try await $0.waitUntilConnected() }
            #expect(await server { $0.handshakes } == 4)
        }
    }

    @Test
    func `closing ends iterations without an error`() async throws {
        try await ScriptedServer.run { server in
            let client = try await Self.logIn(server)
            try await ClientProbe.watch(client) { probe in
                try await probe.waitUntilConnected()
                await client.close()
                try await eventually("the end") { probe.outcome != nil }
                if case .failure(let error)? = probe.outcome { Issue.record(error) }
                try await eventually("no socket") { await server { $0.sockets.isEmpty } }
            }
        }
    }

    @Test
    func `a client that nobody holds closes its socket`() async throws {
        try await ScriptedServer.run { server in
            await server { $0.makeChat(1) }
            do {
                let client = try await Self.logIn(server)
                try await client.send("hi", to: 1)
            }
            try await eventually("no socket") { await server { $0.sockets.isEmpty } }
        }
    }

    @Test
    func `a program that stops taking events costs bounded memory and loses nothing`() async throws {
        try await ScriptedServer.run { server in
            await server { $0.makeChat(1) }
            let client = try await Self.logIn(server) { configuration in
                configuration.eventLimit = 20
                configuration.patience.consumer = .milliseconds(200)
            }
            var iterator = client.events.makeAsyncIterator()
            try await eventually("connected") { client.connection == .connected }
            for number in 1...100 { await server { _ = $0.post("m\(number)", to: 1) } }
            try await eventually("closed") { client.connection == .waitingForConsumer }
            try await eventually("no socket") { await server { $0.sockets.isEmpty } }
            var offsets: [Int64] = []
            while offsets.last != 101, let event = try await iterator.next() {
                if case .chat(let event) = event { offsets.append(event.offset) }
            }
            #expect(offsets == Array(2...101))
        }
    }

    static func logIn(
        _ server: ScriptedServer,
        _ configure: (inout DuologueClient.Configuration) -> Void = { _ in }
    ) async throws(DuologueError) -> DuologueClient {
        var configuration = DuologueClient.Configuration()
        configuration.firstDelay = .milliseconds(10)
        configuration.patience.tail = .milliseconds(50)
        configure(&configuration)
        return try await DuologueClient.login(
            server: server.url,
            username: "ada",
            password: "secret",
            configuration: configuration
        )
    }
}
