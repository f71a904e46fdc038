package import Domain
package import IOCore

/// Has what covers events somebody waits for finished: once for all who ask about a chat, a few chats at a time.
///
/// Loop-bound. A hub with a hole asks, and a duplicate whose first run is not finished. What cannot be done is forgotten:
/// whoever still waits asks again.
package final class CoveringRecovery {
    private let loop: EventLoop
    private let recovery: RedoRecovery
    private let logger: Logger
    private let queue = LoopQueue<(chat: ChatID, offset: Offset)>()
    private var pending: Set<ChatID> = []
    private var isStopped = false

    /// Chats asked about and not done; more than this is left to the passes of recovery.
    private static let limit = 256
    private static let width = 4

    /// Makes one on the recovery's loop.
    package init(loop: EventLoop, recovery: RedoRecovery, logger: Logger) {
        self.loop = loop
        self.recovery = recovery
        self.logger = logger
    }

    /// Asks for the events of a chat up to an offset.
    package func request(_ chat: ChatID, through offset: Offset) {
        guard !isStopped, pending.count < Self.limit, pending.insert(chat).inserted else { return }
        queue.append((chat, offset))
    }

    /// Works until `shutdown` is given; what is under way is finished.
    package func run(until shutdown: ShutdownSignal) async {
        let bound = LoopBound(self, loop: loop)
        let loop = loop
        await withDiscardingTaskGroup { group in
            group.addTask(executorPreference: loop) {
                await shutdown.wait()
                await loop.actor.run { _ in bound.value.stop() }
            }
            await work()
        }
    }

    private func stop() {
        isStopped = true
        queue.finish()
    }

    private func work() async {
        let bound = LoopBound(self, loop: loop)
        let loop = loop
        await withTaskGroup(of: Void.self) { group in
            var running = 0
            while let (chat, offset) = await queue.next(), !isStopped {
                if running == Self.width { await group.next() } else { running += 1 }
                group.addTask(executorPreference: loop) {
                    await loop.actor.run { _ in await bound.value.finish(chat, through: offset) }
                }
            }
        }
    }

    private func finish(_ chat: ChatID, through offset: Offset) async {
        do {
            _ = try await recovery.finish(covering: chat, through: offset)
        } catch {
            logger.debug("covering redo not taken", ["error": .string("\(error)")])
        }
        pending.remove(chat)
    }
}
