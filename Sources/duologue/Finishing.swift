internal import Domain
internal import IOCore
internal import Messaging
internal import Storage
internal import Worker

/// What finishes committed batches that their own nodes do not, on every node for whoever waits for one and on workers by
/// itself; and on workers what erases deleted messages.
struct Finishing: Sendable {
    /// Finishes what somebody asks for.
    let covering: LoopBound<CoveringRecovery>
    private let recovery: LoopBound<RedoRecovery>
    private let ports: LoopBound<WritePorts>
    private let purges: LoopBound<any PurgeLog>

    static func make(
        _ shared: SharedParts,
        on node: LoopBound<ServerLoop>,
        broker: LoopBound<RedisBroker>
    ) async -> Finishing {
        let loop = node.loop
        return await loop.actor.run { _ in
            let stores = node.value.stores
            let ports = WritePorts(stores, broker.value, for: .recovery, shared.configuration, loop: loop)
            let logger = shared.logger.labelled("recovery")
            let recovery = RedoRecovery(
                loop: loop,
                log: ports.log,
                bodies: ports.bodies,
                broker: ports.broker,
                registry: shared.registry,
                logger: logger
            )
            let covering = CoveringRecovery(loop: loop, recovery: recovery, logger: logger)
            return Finishing(
                covering: LoopBound(covering, loop: loop),
                recovery: LoopBound(recovery, loop: loop),
                ports: LoopBound(ports, loop: loop),
                purges: LoopBound(stores.purges, loop: loop)
            )
        }
    }

    /// Asks, from any loop, for the events of a chat up to an offset to be finished.
    @Sendable
    func request(_ chat: ChatID, through offset: Offset) {
        covering.loop.execute { [covering] in covering.value.request(chat, through: offset) }
    }

    /// The passes of a worker.
    func worker(_ shared: SharedParts) -> any Service {
        LoopService("recovery", on: [recovery.loop]) { [recovery, ports] loop, shutdown in
            let logger = shared.logger.labelled("recovery")
            await RecoveryWorker(loop: loop, recovery: recovery.value, log: ports.value.log, logger: logger)
                .run(until: shutdown)
        }
    }

    /// The erasing of what was deleted, by a worker.
    func purge(_ shared: SharedParts) -> any Service {
        LoopService("purge", on: [recovery.loop]) { [ports, purges] loop, shutdown in
            let logger = shared.logger.labelled("purge")
            await PurgeWorker(loop: loop, log: purges.value, bodies: ports.value.bodies, logger: logger)
                .run(until: shutdown)
        }
    }
}
