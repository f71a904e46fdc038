import Domain
import IOCore
import Messaging
import Storage
import Support

/// A lane over real stores with clients that do a bit of everything in one chat until they are stopped.
///
/// Loop-bound.
final class AuditLoad {
    let messages: MessageService
    let chats: ChatService
    private let loop: EventLoop
    private let coordinator: WriteCoordinator
    private let stop = ShutdownSignal()
    private var isStopping = false
    private(set) var writes = 0

    private init(_ fixture: StorageFixture, _ stores: LoopStores) {
        loop = fixture.loop
        coordinator = WriteCoordinator(
            loop: loop,
            log: stores.commitLog,
            bodies: stores.bodies,
            broker: stores.broker(to: []),
            metrics: CoordinatorMetrics(registry: fixture.registry),
            logger: fixture.logger
        )
        let gate = WriteGate(LoopBound(coordinator, loop: loop))
        let reader = HistoryReader(history: stores.history, bodies: stores.bodies)
        messages = MessageService(gate: gate, reader: reader)
        chats = ChatService(
            gate: gate,
            log: stores.commitLog,
            directory: stores.chats,
            accounts: stores.accounts,
            reader: reader
        )
    }

    /// Runs `body` with a lane that is at work, and ends it.
    static func run(
        _ fixture: StorageFixture,
        _ stores: LoopStores,
        _ body: (AuditLoad) async throws -> Void
    ) async throws {
        let load = AuditLoad(fixture, stores)
        let bound = LoopBound(load, loop: fixture.loop)
        let loop = fixture.loop
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await bound.value.coordinator.run(until: bound.value.stop) }
            }
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(load))
            } catch {
                result = .failure(error)
            }
            load.stop.trigger()
            try await group.waitForAll()
            try result.get()
        }
    }

    /// Runs `body` while `clients` write to a chat as fast as they are answered.
    func during(_ chat: ChatID, _ users: [UserID], clients: Int = 8, _ body: () async throws -> Void) async throws {
        let bound = LoopBound(self, loop: loop)
        let loop = loop
        isStopping = false
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<clients {
                group.addTask(executorPreference: loop) {
                    await loop.actor.run { _ in
                        await bound.value.write(to: chat, users, seed: UInt64(client + 1))
                    }
                }
            }
            let result: Result<Void, any Error>
            do {
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            isStopping = true
            try await group.waitForAll()
            try result.get()
        }
    }

    private func write(to chat: ChatID, _ users: [UserID], seed: UInt64) async {
        var random = SplitMix64(seed: seed)
        var newest: Int64 = 1
        while !isStopping {
            let user = users[Int.random(in: 0..<users.count, using: &random)]
            let number = SequenceNumber(rawValue: Int64.random(in: max(1, newest - 20)...newest, using: &random))
            let message = MessageID(chat: chat, sequence: number)
            // What is refused, because another client was there first or rights are missing, is part of the load.
            switch Int.random(in: 0..<12, using: &random) {
            case 0...4:
                var draft = MessageDraft(content: "message \(writes)")
                if Bool.random(using: &random) { draft.threadRoot = SequenceNumber(rawValue: 1) }
                let sent = try? await messages.send(draft, to: chat, by: user, id: .random())
                newest = max(newest, sent?.message.id.sequence.rawValue ?? 1)
            case 5, 6:
                _ = try? await messages.edit(message, MessageEdit(content: "edit \(writes)"), by: user, id: .random())
            case 7: _ = try? await messages.delete(message, by: user, id: .random())
            case 8: _ = try? await messages.restore(message, by: user, id: .random())
            case 9, 10:
                let isOn = Bool.random(using: &random)
                _ = try? await messages.react(to: message, with: "👍", isOn: isOn, by: user, id: .random())
            default:
                let isOn = Bool.random(using: &random)
                _ = try? await messages.pin(message, isOn: isOn, by: user, id: .random())
            }
            writes += 1
        }
    }
}
