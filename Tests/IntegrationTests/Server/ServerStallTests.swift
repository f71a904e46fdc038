import IOCore
import JSON
import Postgres
import Support
import Testing
import Web

/// A node that is stopped in the middle of a write, is given up by the others, and wakes.
@Suite(.realTime) struct ServerStallTests {
    @Test
    func `what a stopped node committed is finished for whoever asks, and its waking up does no harm`() async throws {
        let first = "0d9b7c8e-8d0b-4b8e-8f50-0b9d8d8c7a61"
        let second = "0d9b7c8e-8d0b-4b8e-8f50-0b9d8d8c7a62"
        try await ServerScene.run { scene in
            let other = try await scene.startServer()
            let client = scene.client(of: other)
            let ada = try await client.makeUser("ada")
            let chat = try await client.makeGroup(by: ada)
            let listener = try await TestSocket.ready(client, as: ada)
            // It has applied nothing yet, so its first batch is the one it stops in: committed, not in MongoDB.
            let stalled = try await scene.startServer(["DUOLOGUE_FAILPOINTS": "apply.before=stop@1"])
            let sender = try await TestSocket.ready(scene.client(of: stalled), as: ada)
            sender.sendMessage("first", to: chat, id: "1", clientID: first)
            try await eventually("it is committed") {
                try await scene.number("SELECT count(*)::text FROM chat_events WHERE kind = 2") == "1"
            }

            let asker = LoopBound((client: client, user: ada), loop: scene.loop)
            let ack = try await Self.whileLeased(scene.stores.postgresURL, on: scene.loop) {
                let again = try await TestSocket.ready(asker.value.client, as: asker.value.user)
                again.sendMessage("first", to: chat, id: "2", clientID: first)
                return try await again.frame("an answer") { $0.string("id") == "2" }
            }
            #expect(ack.string("type") == "ack" && ack.bool("duplicate") == true, "\(ack)")
            let edit = try await client.send(.put, "/messages/\(chat)-1", #"{"content": "edited"}"#, token: ada.token)
            #expect(edit.status == 200)
            // Nobody waits for it any more: leases have run out and the row is gone.
            await scene.loop.sleep(for: .seconds(5))
            try await scene.expectConsistency()

            stalled.resume()
            sender.sendMessage("second", to: chat, id: "3", clientID: second)
            let answer = try await sender.frame("an answer") { $0.string("id") == "3" }
            #expect(answer.string("type") == "ack", "\(answer)")
            try await listener.wait(for: "all events") { listener.count("message.new") == 2 }
            try await scene.expectConsistency()
            let history = try await client.history(of: chat, as: ada)
            #expect(history.map { $0.string("content") } == ["edited", "second"])
            let offsets = ["message.new", "message.updated"].flatMap { listener.takeAll($0) }
                .compactMap { $0.integer("offset") }
            #expect(offsets.sorted() == [2, 3, 4])
        }
    }

    /// Runs `body` while the leases of rows that nobody has taken over do not run out: whoever then finishes a row, which no lease
    /// would give to it, has been asked to.
    private static func whileLeased(
        _ url: String,
        on loop: EventLoop,
        _ body: @Sendable @escaping () async throws -> JSONObject
    ) async throws -> JSONObject {
        try await withThrowingTaskGroup(of: JSONObject?.self) { group in
            group.addTask {
                try await withPostgres(url: url) { client, loop in
                    while !Task.isCancelled {
                        // Not so far ahead that the row looks taken over.
                        try await client.execute(
                            """
                            UPDATE write_redo SET lease_until = clock_timestamp() + interval '2.5 s' WHERE attempts = 0
                            """
                        )
                        await loop.sleep(for: .milliseconds(100))
                    }
                }
                return nil
            }
            group.addTask(executorPreference: loop) { try await loop.actor.run { _ in try await body() } }
            let value = try await group.next() ?? nil
            group.cancelAll()
            return try #require(value)
        }
    }
}
