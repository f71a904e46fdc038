package import Domain
package import IOCore

/// Deletes sessions a month after their end, and the refresh tokens they used.
///
/// Loop-bound.
///
/// One batch a minute, so it never weighs on what else the database does. Until then a used token is known as one when it is shown again;
/// afterwards it is merely unknown, and refused no less.
package final class SessionSweep {
    private let loop: EventLoop
    private let accounts: any AccountStore
    private let logger: Logger

    private static let age = Duration.seconds(30 * 24 * 60 * 60)
    private static let interval = Duration.seconds(60)
    private static let batchLimit = 500
    /// How long a stop may wait for this.
    private static let step = Duration.seconds(1)

    /// Makes a sweep over the store of the same loop.
    package init(loop: EventLoop, accounts: any AccountStore, logger: Logger) {
        self.loop = loop
        self.accounts = accounts
        self.logger = logger
    }

    /// Works until `shutdown` is given; a batch under way is finished.
    package func run(until shutdown: ShutdownSignal) async {
        while !shutdown.isTriggered {
            await pass()
            let end = loop.now + Self.interval
            while !shutdown.isTriggered, loop.now < end { await loop.sleep(for: min(Self.step, end - loop.now)) }
        }
    }

    private func pass() async {
        do {
            let count = try await accounts.forgetSessions(endedFor: Self.age, limit: Self.batchLimit)
            if count > 0 { logger.debug("ended sessions deleted", ["sessions": .int(count)]) }
        } catch {
            logger.warning("ended sessions not deleted", ["error": .string("\(error)")])
        }
    }
}
