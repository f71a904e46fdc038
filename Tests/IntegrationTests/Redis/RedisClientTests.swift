import IOCore
import Support
import Testing

@testable import Redis

@Suite(.realTime) struct RedisClientTests {
    @Test func `every command does what its name says`() async throws {
        try await RedisFixture.run { fixture in
            let key = fixture.prefix + "key"
            try await fixture.send(RedisCommands.Ping())
            #expect(try await fixture.health() > .zero)
            #expect(try await fixture.send(RedisCommands.Get(key)) == nil)
            #expect(try await fixture.send(RedisCommands.Set(key, to: [1, 2], lifetime: .seconds(60))))
            #expect(try await !fixture.send(RedisCommands.Set(key, to: [9], onlyIfAbsent: true)))
            #expect(try await fixture.send(RedisCommands.Get(key)) == [1, 2])
            #expect(try await fixture.send(RedisCommands.Expire(key, after: .milliseconds(60_500))))
            let left = try await fixture.send(RedisCommands.Raw("PTTL", key)).decodeInteger()
            #expect((50_000...60_500).contains(left))
            #expect(try await fixture.send(RedisCommands.GetDelete(key)) == [1, 2])
            #expect(try await fixture.send(RedisCommands.GetDelete(key)) == nil)
            #expect(try await !fixture.send(RedisCommands.Expire(key, after: .seconds(1))))
            #expect(try await fixture.send(RedisCommands.Increment(key)) == 1)
            #expect(try await fixture.send(RedisCommands.Increment(key)) == 2)
            #expect(try await fixture.send(RedisCommands.Delete([key, key + "none"])) == 1)
            #expect(try await fixture.send(RedisCommands.Publish([1], to: key, mode: .classic)) == 0)
            #expect(try await fixture.send(RedisCommands.Publish([1], to: key)) == 0)
        }
    }

    @Test(arguments: [[], [0], Array("\r\n{}\0$5\r\n".utf8), Array(0...255)])
    func `a value keeps its bytes`(value: [UInt8]) async throws {
        try await RedisFixture.run { fixture in
            let key = fixture.prefix + "{\r\n\0} key"
            try await fixture.send(RedisCommands.Set(key, to: value, lifetime: .seconds(60)))
            #expect(try await fixture.send(RedisCommands.GetDelete(key)) == value)
        }
    }

    @Test func `a value of a megabyte comes back whole`() async throws {
        let value = (0..<1_048_576).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ ($0 >> 8)) }
        try await RedisFixture.run { fixture in
            let key = fixture.prefix + "large"
            try await fixture.send(RedisCommands.Set(key, to: value, lifetime: .seconds(60)))
            #expect(try await fixture.send(RedisCommands.GetDelete(key)) == value)
        }
    }

    @Test func `each of many concurrent callers gets its own reply`() async throws {
        try await RedisFixture.run { fixture in
            let prefix = fixture.prefix
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<256 {
                    group.addTask {
                        for round in 0..<20 {
                            let value = Array("\(caller)-\(round)".utf8)
                            let key = "\(prefix)\(caller)"
                            try await fixture.send(RedisCommands.Set(key, to: value, lifetime: .seconds(60)))
                            #expect(try await fixture.send(RedisCommands.Get(key)) == value)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `an error reply has the server's code and spares the connection`() async throws {
        try await RedisFixture.run { fixture in
            let key = fixture.prefix + "text"
            try await fixture.send(RedisCommands.Set(key, to: Array("x".utf8), lifetime: .seconds(60)))
            await #expect(throws: RedisError(serverReply: "ERR value is not an integer or out of range")) {
                try await fixture.send(RedisCommands.Increment(key))
            }
            await #expect {
                try await fixture.send(RedisCommands.Raw("LPUSH", key, "x"))
            } throws: {
                ($0 as? RedisError)?.code == .server(prefix: "WRONGTYPE")
            }
            #expect(try await fixture.send(RedisCommands.Get(key)) == Array("x".utf8))
            #expect(await fixture.withClient { $0.connectionCount } == 1)
        }
    }

    @Test func `an unknown command's arguments stay out of the error`() async throws {
        try await RedisFixture.run { fixture in
            await #expect {
                try await fixture.send(RedisCommands.Raw("NOSUCH", "secret"))
            } throws: {
                ($0 as? RedisError)?.message.contains("secret") == false
            }
        }
    }

    @Test func `a script runs by digest and again after the server forgot it`() async throws {
        let server = try await PrivateRedis()
        try await RedisFixture.run(url: server.url) { fixture in
            let script = RedisScript("return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}")
            for round in 1...4 {
                if round == 3 { try await fixture.send(RedisCommands.Raw("SCRIPT", "FLUSH")) }
                let reply = try await fixture.evaluate(script, keys: ["n"], arguments: [[0, 13, 10]])
                #expect(reply == .array([.string([110]), .string([0, 13, 10]), .integer(Int64(round))]))
            }
        }
    }

    @Test func `a password, a user and a database come from the URL`() async throws {
        let server = try await PrivateRedis()
        try await RedisFixture.run(url: server.url) { fixture in
            try await fixture.send(
                RedisCommands.Raw("ACL", "SETUSER", "app", "on", ">p@ss", "~*", "&*", "+@all")
            )
        }
        try await RedisFixture.run(url: "redis://app:p%40ss@127.0.0.1:\(server.port)/3") { fixture in
            #expect(try await fixture.send(RedisCommands.Raw("ACL", "WHOAMI")) == .string(Array("app".utf8)))
            let info = try await fixture.send(RedisCommands.Raw("CLIENT", "INFO")).decodeOptionalBytes() ?? []
            let text = String(decoding: info, as: UTF8.self)
            #expect(text.contains(" db=3 ") && text.contains(" name=duologue "))
        }
        let wrong = "redis://app:wrong@127.0.0.1:\(server.port)"
        try await RedisFixture.run(url: wrong, waitForConnection: false) { fixture in
            try await eventually("the refusal was not told") {
                do throws(RedisError) {
                    try await fixture.send(RedisCommands.Ping())
                    return false
                } catch {
                    return error.code == .unavailable && error.message.contains("WRONGPASS")
                }
            }
        }
    }

    @Test func `more pending commands than allowed are refused unsent`() async throws {
        let server = try await PrivateRedis()
        try await RedisFixture.run(url: server.url) {
            $0.pendingLimit = 8
        } _: { fixture in
            server.freeze()
            let refused = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        do throws(RedisError) {
                            try await fixture.send(RedisCommands.Raw("PING"))
                            return false
                        } catch {
                            return error.code == .overloaded && !error.isOutcomeUnknown
                        }
                    }
                }
                // Nobody is answered by a server that stands still: who hears of something first is refused.
                let first = await group.next() == true ? 1 : 0
                server.thaw()
                return await group.reduce(first) { $0 + ($1 ? 1 : 0) }
            }
            #expect(refused > 0 && refused < 20)
        }
    }

    @Test func `what nobody waits for takes half of the queue and leaves the rest to those who wait`() async throws {
        let server = try await PrivateRedis()
        try await RedisFixture.run(url: server.url) {
            $0.pendingLimit = 8
        } _: { fixture in
            server.freeze()
            let posted = await fixture.withClient { client in
                (0..<20).count { _ in client.post(RedisCommands.Increment("n")) }
            }
            #expect(posted == 5)
            let waiting = await withTaskGroup(of: Bool.self) { group in
                group.addTask { (try? await fixture.send(RedisCommands.Ping())) != nil }
                try? await eventually("it is sent") { await fixture.withClient { $0.pendingCount } == 6 }
                server.thaw()
                return await group.next()
            }
            #expect(waiting == true)
            #expect(try await fixture.send(RedisCommands.Get("n")) == [UInt8(ascii: "5")])
            server.kill()
            try await eventually("the loss is noticed") { await fixture.withClient { !$0.isAvailable } }
            #expect(await fixture.withClient { !$0.post(RedisCommands.Increment("n")) })
        }
    }

    @Test func `shutting down answers what is pending and refuses the rest`() async throws {
        try await RedisFixture.run { fixture in
            let key = fixture.prefix + "n"
            let answered = try await withThrowingTaskGroup(of: Int64.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        do throws(RedisError) {
                            try await fixture.send(RedisCommands.Increment(key))
                            return 1
                        } catch {
                            // Refused unsent, or answered: nothing in between.
                            #expect(error.code == .shutdown && !error.isOutcomeUnknown)
                            return 0
                        }
                    }
                }
                group.addTask {
                    await fixture.withClient { await $0.shutdown() }
                    return 0
                }
                return try await group.reduce(0, +)
            }
            try await RedisFixture.run { other in
                let count = try await other.send(RedisCommands.Get(key)).map { String(decoding: $0, as: UTF8.self) }
                #expect(count ?? "0" == "\(answered)")
            }
            await #expect {
                try await fixture.send(RedisCommands.Ping())
            } throws: {
                ($0 as? RedisError)?.code == .shutdown
            }
        }
    }

    @Test func `commands of one tick reach the server in one write`() async throws {
        let server = try await PrivateRedis()
        try await RedisFixture.run(url: server.url) { fixture in
            func reads() async throws -> Int {
                let reply = try await fixture.send(RedisCommands.Raw("INFO", "stats"))
                let text = String(decoding: try reply.decodeOptionalBytes() ?? [], as: UTF8.self)
                let line = text.split(separator: "\r\n").first { $0.hasPrefix("total_reads_processed:") }
                return try #require(line.flatMap { Int($0.drop { $0 != ":" }.dropFirst()) })
            }
            let before = try await reads()
            await withTaskGroup { group in
                for _ in 0..<64 {
                    group.addTask(executorPreference: fixture.loop) {
                        await fixture.withClient { client in
                            for _ in 0..<50 { _ = try? await client.send(RedisCommands.Ping()) }
                        }
                    }
                }
            }
            // One command at a time would take 3,200 reads, and whole rounds take 50.
            #expect(try await reads() - before < 1_600)
        }
    }
}
