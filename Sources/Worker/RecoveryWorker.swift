package import Domain
package import IOCore
package import Messaging

/// Runs the redo recovery once a second, and keeps the redo table small.
///
/// Loop-bound.
package final class RecoveryWorker {
    private let loop: EventLoop
    private let recovery: RedoRecovery
    private let log: any CommitLog
    private let logger: Logger

    private static let interval = Duration.seconds(1)
    /// Rows die by the hundred a second, and readers step over the dead until they are vacuumed.
    private static let passesPerMaintenance = 2

    /// Makes a worker over stores of the same loop.
    package init(loop: EventLoop, recovery: RedoRecovery, log: any CommitLog, logger: Logger) {
        self.loop = loop
        self.recovery = recovery
        self.log = log
        self.logger = logger
    }

    /// Works until `shutdown` is given; a pass under way is finished.
    package func run(until shutdown: ShutdownSignal) async {
        var passes = 0
        while !shutdown.isTriggered {
            await pass()
            passes += 1
            if passes % Self.passesPerMaintenance == 0 { await maintain() }
            await loop.sleep(for: Self.interval)
        }
    }

    private func pass() async {
        do {
            // A full batch means that more may be waiting.
            while try await recovery.pass() == RedoRecovery.batchLimit {}
        } catch {
            logger.warning("redo not recovered", ["error": .string("\(error)")])
        }
    }

    private func maintain() async {
        do {
            try await log.maintain()
        } catch {
            logger.debug("redo table not vacuumed", ["error": .string("\(error)")])
        }
    }
}
