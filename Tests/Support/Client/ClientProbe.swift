package import DuologueClient
internal import Synchronization

/// Iterates a client's events in a task and keeps what it saw.
package final class ClientProbe: Sendable {
    private let seen = Mutex<[DuologueEvent]>([])
    private let end = Mutex<Result<Void, DuologueError>?>(nil)

    /// Watches a client while `body` runs.
    package static func watch<Success: Sendable>(
        _ client: DuologueClient,
        _ body: @escaping @Sendable (ClientProbe) async throws -> Success
    ) async throws -> Success {
        let probe = ClientProbe()
        return try await withThrowingTaskGroup(of: Success?.self) { group in
            group.addTask {
                await probe.iterate(client.events)
                return nil
            }
            group.addTask { try await body(probe) }
            defer { group.cancelAll() }
            while let result = try await group.next() { if let result { return result } }
            throw TestSocket.Missing("a result")
        }
    }

    /// Everything seen so far.
    package var events: [DuologueEvent] { seen.withLock { $0 } }

    /// The durable events of a chat.
    package func chatEvents(_ chat: DuologueClient.ChatID) -> [ChatEvent] {
        events.compactMap { if case .chat(let event) = $0, event.chat == chat { event } else { nil } }
    }

    /// How often more happened in a chat than was told one by one.
    package func resets(_ chat: DuologueClient.ChatID) -> Int {
        events.count { if case .reset(chat, _) = $0 { true } else { false } }
    }

    /// Contents of the new messages of a chat, in the order they were told.
    package func contents(_ chat: DuologueClient.ChatID) -> [String] {
        chatEvents(chat).compactMap { if case .messageCreated(let message) = $0.kind { message.content } else { nil } }
    }

    /// How the iteration ended; nil while it goes on.
    package var outcome: Result<Void, DuologueError>? { end.withLock { $0 } }

    /// Waits until the client has caught up for the given time.
    package func waitUntilConnected(_ times: Int = 1) async throws {
        try await eventually("connected \(times) times") {
            events.count { $0 == .connection(.connected) } >= times
        }
    }

    private func iterate(_ events: DuologueEvents) async {
        do throws(DuologueError) {
            for try await event in events { seen.withLock { $0.append(event) } }
            end.withLock { $0 = .success(()) }
        } catch {
            end.withLock { $0 = .failure(error) }
        }
    }
}
