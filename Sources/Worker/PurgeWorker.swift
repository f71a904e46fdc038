package import Domain
package import IOCore

/// Erases, a day after their deletion, what deleted messages said.
///
/// Loop-bound.
///
/// Postgres decides first that a message can no longer come back and remembers it until this has finished, so a crash at
/// any point leaves the rest to the next pass of any node. It has a task of its own and holds up nothing.
package final class PurgeWorker {
    private let loop: EventLoop
    private let log: any PurgeLog
    private let bodies: any BodyStore
    private let age: Duration
    private let interval: Duration
    private let logger: Logger

    private static let batchLimit = 100
    /// How long a stop may wait for this.
    private static let step = Duration.seconds(1)

    /// Makes a worker over stores of the same loop.
    ///
    /// A message is erased `age` after its deletion, by the database's clock, and `interval` later at most while there is
    /// no backlog.
    package init(
        loop: EventLoop,
        log: any PurgeLog,
        bodies: any BodyStore,
        age: Duration = .seconds(24 * 60 * 60),
        interval: Duration = .seconds(60),
        logger: Logger
    ) {
        self.loop = loop
        self.log = log
        self.bodies = bodies
        self.age = age
        self.interval = interval
        self.logger = logger
    }

    /// Works until `shutdown` is given; a batch under way is finished.
    package func run(until shutdown: ShutdownSignal) async {
        while !shutdown.isTriggered {
            await pass(until: shutdown)
            let end = loop.now + interval
            while !shutdown.isTriggered, loop.now < end { await loop.sleep(for: min(Self.step, end - loop.now)) }
        }
    }

    /// Erases what is due, batch by batch; what fails is left to a later pass.
    package func pass(until shutdown: ShutdownSignal) async {
        do {
            // A full batch means that more may be waiting.
            while !shutdown.isTriggered, try await batch() == Self.batchLimit {}
        } catch {
            logger.warning("deleted messages not purged", ["error": .string("\(error)")])
        }
    }

    private func batch() async throws -> Int {
        let targets = try await log.takePurges(olderThan: age, limit: Self.batchLimit)
        guard !targets.isEmpty else { return 0 }
        let erased = try await bodies.purge(targets)
        try await log.finishPurges(erased)
        logger.debug("deleted messages purged", ["messages": .int(erased.count)])
        return erased.count
    }
}
