import DuologueClient
import Support
import Testing

/// Messages sent without a connection, or over one that breaks.
@Suite(.realTime) struct OfflineQueueTests {
    @Test
    func `messages given while there is no connection arrive once each, in order`() async throws {
        try await ScriptedServer.run { server in
            await server { script in
                script.makeChat(1)
                script.refusals = Array(repeating: 503, count: 10_000)
            }
            let client = try await DuologueClientTests.logIn(server)
            var pending: [PendingMessage] = []
            for number in 1...50 { pending.append(try await client.enqueue(.init("m\(number)"), to: 1)) }
            #expect(pending.allSatisfy { $0.outcome == nil })
            await server { $0.refusals = [] }
            var places: [Int64] = []
            for message in pending { places.append(try await message.acknowledgement().id.sequence) }
            #expect(places == Array(1...50))
            #expect(await server { $0.contents[1] } == (1...50).map { "m\($0)" })
            #expect(await client.unacknowledgedMessages == 0)
        }
    }

    @Test
    func `a message whose ack was lost is sent again under its id and counts once`() async throws {
        try await ScriptedServer.run { server in
            await server { script in
                script.makeChat(1)
                script.faults = [.lostAck, .lostMessage, .lostAck]
            }
            let client = try await DuologueClientTests.logIn(server)
            let first = try await client.send("first", to: 1)
            #expect(first.isDuplicate)
            #expect(first.id.sequence == 1)
            let second = try await client.send("second", to: 1)
            #expect(second.id.sequence == 2)
            #expect(await server { $0.contents[1] } == ["first", "second"])
            #expect(await server { $0.received } == ["first", "first", "first", "first", "second"])
        }
    }

    @Test
    func `however often a message is sent, it is under its own id, and each command under a number of its own`()
        async throws
    {
        try await ScriptedServer.run { server in
            await server { script in
                script.makeChat(1)
                script.faults = [.lostMessage, .refusal(code: "overloaded", isRetryable: true), .lostAck]
            }
            let client = try await DuologueClientTests.logIn(server)
            let pending = try await [client.enqueue(.init("a"), to: 1), client.enqueue(.init("b"), to: 1)]
            for message in pending { _ = try await message.acknowledgement() }
            let (first, second) = (pending[0].id.description, pending[1].id.description)
            #expect(first != second)
            #expect(await server { $0.receivedIDs } == [first, first, first, first, second])
            let numbers = await server { $0.receivedNumbers }
            #expect(Set(numbers).count == 5 && !numbers.contains(0))
            #expect(await server { $0.contents[1] } == ["a", "b"])
        }
    }

    @Test
    func `what the server asks to try again later is tried again before what follows it`() async throws {
        try await ScriptedServer.run { server in
            await server { script in
                script.makeChat(1)
                script.faults = [
                    .refusal(code: "store_unavailable", isRetryable: true),
                    .refusal(code: "overloaded", isRetryable: true),
                ]
            }
            let client = try await DuologueClientTests.logIn(server)
            let pending = try await [
                client.enqueue(.init("a"), to: 1), client.enqueue(.init("b"), to: 1), client.enqueue(.init("c"), to: 1),
            ]
            for message in pending { _ = try await message.acknowledgement() }
            #expect(await server { $0.contents[1] } == ["a", "b", "c"])
        }
    }

    @Test
    func `a message that is refused fails alone`() async throws {
        try await ScriptedServer.run { server in
            await server { script in
                script.makeChat(1)
                script.faults = [.refusal(code: "chat_not_found", isRetryable: false)]
            }
            let client = try await DuologueClientTests.logIn(server)
            let refused = try await client.enqueue(.init("refused"), to: 1)
            try await client.send("taken", to: 1)
            let error = await #expect(throws: DuologueError.self) { try await refused.acknowledgement() }
            #expect(error?.code == .chatNotFound)
            #expect(await server { $0.contents[1] } == ["taken"])
        }
    }

    @Test
    func `a full queue refuses more, and a message that fits no frame is refused at once`() async throws {
        try await ScriptedServer.run { server in
            await server { $0.refusals = Array(repeating: 503, count: 100) }
            let client = try await DuologueClientTests.logIn(server) { $0.sendQueueLimit = 3 }
            for _ in 0..<3 { _ = try await client.enqueue(.init("x"), to: 1) }
            let full = await #expect(throws: DuologueError.self) { try await client.enqueue(.init("x"), to: 1) }
            #expect(full?.code == .queueFull)
            #expect(full?.isRetryable == true)
            let large = String(repeating: "x", count: 200_000)
            let tooLong = await #expect(throws: DuologueError.self) { try await client.enqueue(.init(large), to: 1) }
            #expect(tooLong?.code == .tooLong)
        }
    }

    @Test
    func `a cancelled wait leaves the message on its way`() async throws {
        try await ScriptedServer.run { server in
            await server { script in
                script.makeChat(1)
                script.refusals = Array(repeating: 503, count: 3)
            }
            let client = try await DuologueClientTests.logIn(server)
            let pending = try await client.enqueue(.init("kept"), to: 1)
            let code = await withTaskGroup(of: DuologueError.Code?.self) { group in
                group.addTask {
                    do throws(DuologueError) {
                        _ = try await pending.acknowledgement()
                        return nil
                    } catch {
                        return error.code
                    }
                }
                group.cancelAll()
                return await group.next() ?? nil
            }
            #expect(code == .cancelled)
            #expect(try await pending.acknowledgement().id.sequence == 1)
        }
    }
}
