import IOCore
import Support
import Testing

@testable import Redis

@Suite(.realTime) struct RedisFaultTests {
    /// Keeps 32 callers busy until `isDone`; returns how often each code was thrown, and fails on anything untyped.
    private func hammer(
        _ fixture: RedisFixture,
        until isDone: @escaping @Sendable () async -> Bool
    ) async -> [String: Int] {
        await withTaskGroup(of: [String: Int].self) { group in
            for caller in 0..<32 {
                group.addTask(executorPreference: fixture.loop) {
                    var codes: [String: Int] = [:]
                    repeat {
                        let code = await fixture.withClient { client in
                            do throws(RedisError) {
                                try await client.send(RedisCommands.Increment("n\(caller)"))
                                return "ok"
                            } catch {
                                let unknown = error.code == .connectionLost || error.code == .timeout
                                #expect(error.isOutcomeUnknown == unknown)
                                return "\(error.code)"
                            }
                        }
                        codes[code, default: 0] += 1
                        if code != "ok" {
                            await fixture.loop.actor.run { _ in await fixture.loop.sleep(for: .milliseconds(2)) }
                        }
                    } while await !isDone()
                    return codes
                }
            }
            return await group.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
        }
    }

    @Test func `a killed server fails all that is pending and is found again`() async throws {
        let server = try await PrivateRedis()
        try await RedisFixture.run(url: server.url) { fixture in
            let heard = Heard()
            try await fixture.withSubscriber { subscriber in
                heard.listen(to: subscriber)
                try await subscriber.subscribe(["a", "b"])
            }
            async let outcome = hammer(fixture) {
                await fixture.withClient { $0.connectionCount >= 2 && $0.isAvailable }
            }
            try await eventually("no load") {
                try await fixture.send(RedisCommands.Get("n0")) != nil
            }
            server.kill()
            try await eventually("the loss went unnoticed") {
                let client = await fixture.withClient { $0.isAvailable }
                let subscriber = await fixture.withSubscriber { $0.isAvailable }
                return !client && !subscriber
            }
            await #expect {
                try await fixture.subscribe(["c"])
            } throws: {
                ($0 as? RedisError)?.code == .unavailable
            }
            try await server.start()
            let codes = await outcome
            #expect(Set(codes.keys).isSubset(of: ["ok", "connectionLost", "unavailable"]))
            #expect(codes["connectionLost", default: 0] > 0)
            #expect(codes["unavailable", default: 0] > 0)
            try await eventually("not restored") { heard.restored == [["a", "b", "c"]] }
            try await fixture.waitUntilConnected()
            let receivers = try await fixture.send(RedisCommands.Publish([7], to: "c"))
            #expect(receivers == 1)
            try await eventually("no message") { heard.messages(of: "c") == [[7]] }
        }
    }

    @Test func `a frozen server times out callers and is used again when it thaws`() async throws {
        let server = try await PrivateRedis()
        try await RedisFixture.run(url: server.url) {
            $0.commandDeadline = .milliseconds(200)
            $0.connectDeadline = .milliseconds(200)
        } _: { fixture in
            server.freeze()
            let codes = await hammer(fixture) { await fixture.withClient { !$0.isAvailable } }
            #expect(codes["timeout", default: 0] > 0)
            server.thaw()
            try await fixture.waitUntilConnected()
            #expect(await fixture.withClient { $0.connectionCount } == 2)
            // Not by the short deadline, which a machine that stands still may pass again.
            _ = try await fixture.withClient { try await $0.send(RedisCommands.Ping(), deadline: .seconds(60)) }
        }
    }

    @Test func `an idle client and subscriber notice a frozen server by themselves`() async throws {
        let server = try await PrivateRedis()
        try await RedisFixture.run(url: server.url) {
            $0.watchdogInterval = .milliseconds(100)
            $0.watchdogDeadline = .seconds(2)
            $0.connectDeadline = .seconds(2)
        } _: { fixture in
            let heard = Heard()
            try await fixture.withSubscriber { subscriber in
                heard.listen(to: subscriber)
                try await subscriber.subscribe(["a"])
            }
            server.freeze()
            try await eventually("the watchdog slept") {
                let client = await fixture.withClient { $0.isAvailable }
                let subscriber = await fixture.withSubscriber { $0.isAvailable }
                return !client && !subscriber
            }
            server.thaw()
            try await fixture.waitUntilConnected()
            try await eventually("not restored") { !heard.restored.isEmpty }
            #expect(heard.restored.allSatisfy { $0 == ["a"] })
        }
    }

    @Test func `a deadline of one command gives up its connection but not its neighbours' meaning`() async throws {
        let server = try await PrivateRedis()
        try await RedisFixture.run(url: server.url) { fixture in
            let codes = await withTaskGroup(of: (Int, String).self) { group in
                for caller in 0..<2 {
                    group.addTask(executorPreference: fixture.loop) {
                        await fixture.withClient { client in
                            do throws(RedisError) {
                                // Nobody pushes to this list: the first caller's reply never comes.
                                try await client.send(
                                    caller == 0
                                        ? RedisCommands.Raw("BLPOP", "none", "0") : RedisCommands.Raw("INCR", "n"),
                                    // Both are sent long before the first gives up.
                                    deadline: caller == 0 ? .seconds(2) : .seconds(60)
                                )
                                return (caller, "ok")
                            } catch {
                                return (caller, "\(error.code)")
                            }
                        }
                    }
                }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            #expect(codes == [0: "timeout", 1: "connectionLost"])
            try await fixture.waitUntilConnected()
            try await fixture.send(RedisCommands.Ping())
        }
    }

    @Test(arguments: [
        "+OK\r\nnonsense\r\n", "+OK\r\n$99999999999\r\n", "+OK\r\n*2147483647\r\n", "+OK\r\n+PONG\r\n+PONG\r\n",
    ])
    func `what is not Redis is a protocol violation`(answer: String) async throws {
        let code = try await ask(serverThatSends: answer)
        // The reply too many may come in a second read, after the caller has its own.
        #expect(code == "protocolViolation" || code == "ok" && answer.hasSuffix("+PONG\r\n"))
    }

    @Test func `half a reply is a timeout`() async throws {
        #expect(try await ask(serverThatSends: "+OK\r\n$5\r\nab", deadline: .milliseconds(200)) == "timeout")
    }

    @Test func `a connection closed in the middle of a reply is lost`() async throws {
        #expect(try await ask(serverThatSends: "+OK\r\n$5\r\nab", thenCloses: true) == "connectionLost")
    }

    @Test func `garbage instead of a greeting never becomes a connection`() async throws {
        await #expect {
            try await ask(serverThatSends: "SSH-2.0-OpenSSH\r\n")
        } throws: {
            ($0 as? RedisError)?.code == .protocolViolation
        }
    }

    /// What one GET on a connection to such a server comes to.
    private func ask(
        serverThatSends answer: String,
        thenCloses: Bool = false,
        deadline: Duration = .seconds(60)
    ) async throws -> String {
        try await FakeRedis.run(answer: Array(answer.utf8), thenCloses: thenCloses, deadline: deadline)
    }
}
