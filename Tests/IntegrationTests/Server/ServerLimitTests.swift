import IOCore
import Support
import Testing
import Web

/// Limits of real servers on one Redis.
@Suite(.realTime) struct ServerLimitTests {
    /// Long enough that nothing comes back during a test.
    private static func narrow(_ requests: Int) -> [String: String] {
        ["RATE_LIMIT_REQUESTS": "\(requests)", "RATE_LIMIT_WINDOW": "3600"]
    }

    private static let wrong = #""password":"not the password at all""#

    /// Requests that servers let pass uncounted, because Redis answered later than a request waits.
    private static func unchecked(_ clients: [TestClient]) async throws -> Int {
        var sum = 0
        for client in clients {
            let page = try await client.send(.get, "//metrics").text
            let line = page.split(separator: "\n").first { $0.hasPrefix("duologue_limits_unchecked_total ") }
            sum += try #require(line.flatMap { Int($0.split(separator: " ")[1]) })
        }
        return sum
    }

    private static func logIn(_ client: TestClient, _ user: TestUser, right: Bool = false) async throws -> TestAnswer {
        let password = right ? #""password":"\#(TestUser.password)""# : wrong
        return try await client.send(.post, "/auth/login", #"{"username":"\#(user.username)",\#(password)}"#)
    }

    @Test func `a user is limited over nodes, REST and sockets together, and answers tell it`() async throws {
        try await ServerScene.run { scene in
            let pair = try await NodePair(scene, Self.narrow(30))
            let path = "/chats/\(pair.chat)/messages"
            var statuses: [Int] = []
            for number in 0..<20 {
                let client = pair.clients[number % 2]
                let answer = try await client.send(.post, path, #"{"content":"\#(number)"}"#, token: pair.ada.token)
                statuses.append(answer.status)
                #expect(answer.headers["RateLimit-Policy"] == #""write";q=30;w=3600"#)
            }
            #expect(statuses.allSatisfy { $0 == 201 })
            let socket = try await TestSocket.ready(pair.clients[0], as: pair.ada)
            for number in 0..<20 {
                let text = #"{"type":"message","id":"\#(number)","chat_id":\#(pair.chat),"content":"x"}"#
                socket.send(text)
            }
            try await socket.wait(for: "all answers") { socket.count("ack") + socket.count("error") == 20 }
            // One made the chat; 3,600 seconds bring one every two minutes.
            let unchecked = try await Self.unchecked(pair.clients)
            #expect((8...(11 + unchecked)).contains(socket.count("ack")))
            try await eventually("a refusal") {
                if socket.count("error") > 0 { return true }
                socket.send(#"{"type":"message","id":"more","chat_id":\#(pair.chat),"content":"x"}"#)
                return false
            }
            let refusal = try #require(socket.frames.first { $0.string("type") == "error" })
            #expect(refusal.string("code") == "rate_limited" && refusal.bool("retryable") == true)
            for client in pair.clients {
                // A node may hold a token that it leased, and pass one more.
                try await eventually("it is used up") {
                    let refused = try await client.send(.post, path, #"{"content":"x"}"#, token: pair.ada.token)
                    guard refused.status == 429 else { return false }
                    #expect(refused.code == "rate_limited")
                    #expect(refused.headers["Retry-After"].flatMap { Int($0) } ?? 0 > 0)
                    #expect(refused.headers["RateLimit"]?.hasPrefix(#""write";r=0;t="#) == true)
                    return true
                }
                let read = try await client.send(.get, path, token: pair.ada.token)
                #expect(read.status == 200)
                let other = try await client.send(.post, path, #"{"content":"x"}"#, token: pair.ben.token)
                #expect(other.status == 201)
            }
        }
    }

    @Test func `without Redis all pass, it is told once, and when Redis is back limits hold again`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer(Self.narrow(10))
            let client = scene.client(of: server)
            let ada = try await client.makeUser("ada")
            func search() async throws -> Int {
                try await client.send(.get, "/users?query=nobody", token: ada.token).status
            }
            var passed = 0
            try await eventually("it is used up") {
                if try await search() == 429 { return true }
                passed += 1
                return false
            }
            let unchecked = try await Self.unchecked([client])
            #expect((5...(5 + unchecked)).contains(passed))
            func told(_ text: String) -> Int {
                server.log.split(separator: text, omittingEmptySubsequences: false).count - 1
            }
            let before = told("limits are off")
            scene.redis.kill()
            try await eventually("all pass") { try await search() == 200 }
            for _ in 0..<30 { #expect(try await search() == 200) }
            let metrics = try await client.send(.get, "//metrics").text
            #expect(metrics.contains("duologue_limits_degraded 1"))
            let health = try await client.send(.get, "//health/ready")
            #expect(health.status == 200 && health.object.string("status") == "degraded")
            #expect(health.object.object("stores").object("redis").string("status") == "down")
            try await server.waitForLog("limits are off", after: before)
            #expect(told("limits are off") == before + 1)
            try await scene.redis.start()
            try await eventually("limits hold again") { try await search() == 429 }
            try await server.waitForLog("limits hold again", after: before)
        }
    }

    @Test func `nobody waits for a Redis that does not answer`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            let ada = try await client.makeUser("ada")
            scene.redis.freeze()
            defer { scene.redis.thaw() }
            // Each would wait for the two seconds that a command may take.
            let start = ContinuousClock.now
            for _ in 0..<100 {
                #expect(try await client.send(.get, "/unread", token: ada.token).status == 200)
            }
            #expect(ContinuousClock.now - start < .seconds(100))
            try await server.waitForLog("limits are off")
        }
    }

    @Test func `wrong passwords add up over nodes, and a node without Redis goes by its own count`() async throws {
        try await ServerScene.run { scene in
            let pair = try await NodePair(scene)
            for number in 0..<10 {
                #expect(try await Self.logIn(pair.clients[number % 2], pair.ada).status == 401)
            }
            for client in pair.clients {
                // A question that Redis answers too late is left to the node's own count.
                try await eventually("it is refused") {
                    let refused = try await Self.logIn(client, pair.ada, right: true)
                    guard refused.status == 429 else { return false }
                    #expect(refused.code == "rate_limited")
                    #expect(refused.headers["Retry-After"].flatMap { Int($0) } ?? 0 > 0)
                    return true
                }
                #expect(try await Self.logIn(client, pair.ben, right: true).status == 200)
            }
            scene.redis.kill()
            // The first node counted five of them by itself, and now five more.
            var answers: [Int] = []
            for _ in 0..<12 {
                try await eventually("an answer") {
                    answers.append(try await Self.logIn(pair.clients[0], pair.ada).status)
                    return true
                }
            }
            #expect(answers.prefix(5) == [401, 401, 401, 401, 401] && answers.last == 429)
            #expect(try await Self.logIn(pair.clients[0], pair.ada, right: true).status == 429)
        }
    }

    @Test func `spam is refused over nodes and sockets, and a retry of what was sent is not`() async throws {
        try await ServerScene.run { scene in
            let pair = try await NodePair(
                scene,
                ["SPAM_GUARD": "on", "SPAM_REPEATS": "4", "SPAM_REPEAT_WINDOW": "3600"]
            )
            let path = "/chats/\(pair.chat)/messages"
            func send(_ node: Int, _ id: Int) async throws -> Int {
                let key = "00000000-0000-4000-8000-00000000\(1_000 + id)"
                let body = #"{"content":"Buy now","client_msg_id":"\#(key)"}"#
                return try await pair.clients[node].send(.post, path, body, token: pair.ada.token).status
            }
            for id in 0..<3 { #expect(try await send(id % 2, id) == 201) }
            for id in 0..<3 { #expect(try await send((id + 1) % 2, id) == 200) }
            let socket = try await TestSocket.ready(pair.clients[1], as: pair.ada)
            var sent = 0
            try await eventually("it is refused") {
                sent += 1
                let message = #""chat_id":\#(pair.chat),"content":"BUY NOW!""#
                socket.send(#"{"type":"message","id":"\#(sent)",\#(message)}"#)
                let answer = try await socket.frame("an answer") { $0.string("id") == "\(sent)" }
                guard answer.string("type") == "error" else { return false }
                #expect(answer.string("code") == "rate_limited")
                #expect(answer.string("detail")?.contains("same text more than 4 times") == true)
                return true
            }
            // The fourth of this text passes, and what was not counted.
            let unchecked = try await Self.unchecked(pair.clients)
            #expect((2...(2 + unchecked)).contains(sent))
            var fresh = 7
            try await eventually("it is refused over REST too") {
                fresh += 1
                return try await send(0, fresh) == 429
            }
            #expect(try await send(0, 1) == 200)
            // Redis may forget; Postgres has the message.
            scene.redis.kill()
            try await scene.redis.start()
            var id = 1_000
            try await eventually("counts begin anew and fill up") {
                id += 1
                return try await send(0, id) == 429
            }
            #expect(try await send(1, 2) == 200)
        }
    }

    @Test func `behind a trusted proxy the client's own address counts everywhere`() async throws {
        try await ServerScene.run { scene in
            var variables = Self.narrow(2)
            variables["TRUSTED_PROXIES"] = "127.0.0.0/8"
            variables["MAX_SOCKETS_PER_ADDRESS"] = "1"
            let server = try await scene.startServer(variables)
            let client = scene.client(of: server)
            func refresh(_ chain: String) async throws -> Int {
                let headers = [(name: "X-Forwarded-For", value: chain)]
                return try await client.send(.post, "/auth/refresh", #"{"refresh_token":"x"}"#, headers: headers).status
            }
            #expect(try await refresh("192.0.2.1") == 401)
            #expect(try await refresh("198.51.100.1, 192.0.2.1") == 401)
            try await eventually("it is used up") { try await refresh("198.51.100.2, 192.0.2.1, 127.0.0.9") == 429 }
            #expect(try await refresh("192.0.2.2") == 401)
            let ada = try await client.makeUser("ada")
            let login = try await client.send(
                .post,
                "/auth/login",
                #"{"username":"\#(ada.username)","password":"\#(TestUser.password)"}"#,
                headers: [(name: "X-Forwarded-For", value: "2001:DB8::7")]
            )
            #expect(login.status == 200)
            let list = try await client.send(.get, "/auth/sessions", token: ada.token).items
            #expect(list.contains { $0.string("address") == "2001:db8::7" })
            func socket(_ address: String) async throws -> TestSocket {
                let headers = [(name: "X-Forwarded-For", value: address)]
                return try await TestSocket.connect(to: client, .header(ada.token), headers: headers)
            }
            let first = try await socket("192.0.2.1")
            _ = try await first.frame("ready")
            let other = try await socket("192.0.2.2")
            _ = try await other.frame("ready")
            let refused = try await socket("192.0.2.1").closeStatus()
            #expect(refused.code.rawValue == 4009 && refused.reason.contains("address"))
            #expect(server.isRunning)
        }
    }
}
