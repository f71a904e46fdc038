import IOCore
import Messaging
import Storage
import Support

/// What tests need that count how often services ask the stores.
extension StorageFixture {
    /// How often each kind of call was made, by the metrics.
    var calls: [String: Int] {
        var calls: [String: Int] = [:]
        for line in registry.render().split(separator: "\n") where line.hasPrefix("duologue_store_seconds_count") {
            let parts = line.split(separator: " ")
            calls[String(parts[0])] = Int(parts[1])
        }
        return calls
    }

    /// A gate for services that only read.
    func gate(_ stores: LoopStores) -> WriteGate {
        let coordinator = WriteCoordinator(
            loop: loop,
            log: stores.commitLog,
            bodies: stores.bodies,
            broker: MemoryBroker(),
            metrics: CoordinatorMetrics(registry: MetricsRegistry()),
            logger: logger
        )
        return WriteGate(LoopBound(coordinator, loop: loop))
    }
}
