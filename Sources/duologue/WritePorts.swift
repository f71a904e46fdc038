internal import Domain
internal import IOCore
internal import Messaging
internal import Storage

/// The ports that decide, apply and announce; those of a debug build pass its failpoints.
///
/// Loop-bound.
struct WritePorts {
    /// Whose steps they take.
    enum User {
        case lane, recovery
    }

    let log: any CommitLog
    let bodies: any BodyStore
    let broker: any Broker

    init(_ stores: LoopStores, _ broker: any Broker, for user: User, _ configuration: Configuration, loop: EventLoop) {
        #if FAILPOINTS
        if let failpoints = configuration.failpoints {
            let steps: FailingCommitLog.User = user == .lane ? .lane : .recovery
            log = FailingCommitLog(stores.commitLog, failpoints, for: steps, loop: loop)
            bodies = FailingBodyStore(stores.bodies, failpoints, for: steps, loop: loop)
            self.broker = FailingBroker(broker, failpoints, for: steps, loop: loop)
            return
        }
        #endif
        log = stores.commitLog
        bodies = stores.bodies
        self.broker = broker
    }
}

extension HistoryReader {
    /// A reader over a loop's stores; that of a debug build passes its failpoints.
    convenience init(_ stores: LoopStores, _ configuration: Configuration, _ metrics: CacheMetrics, loop: EventLoop) {
        let cache = CachedReads(cache: configuration.caches ? stores.cache : nil, metrics: metrics)
        var history = stores.history
        #if FAILPOINTS
        if let failpoints = configuration.failpoints {
            history = FailingHistoryStore(history, failpoints, loop: loop)
        }
        #endif
        self.init(history: history, bodies: stores.bodies, cache: cache)
    }
}
