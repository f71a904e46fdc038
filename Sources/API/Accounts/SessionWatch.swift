package import Domain
package import IOCore
package import Security

/// Learns every two seconds which sessions were revoked, on whatever node, and writes which were used.
///
/// Loop-bound; one on a node. It asks Postgres, whose clock and rows are the only truth: no message can be lost. A window that overlaps the
/// one before catches revocations that became visible late, and grows for as long as Postgres does not answer.
package final class SessionWatch {
    private let loop: EventLoop
    private let accounts: any AccountStore
    private let revoked: RevokedSessions
    private let uses: SessionUses
    private let logger: Logger
    private var lastAnswer: ContinuousClock.Instant?

    private static let interval = Duration.seconds(2)
    private static let step = Duration.milliseconds(100)
    /// Longer than a transaction may take.
    private static let overlap = Duration.seconds(30)
    /// In one pass, so that revocations never wait for long behind uses.
    private static let usesAtOnce = 2_000

    /// A watch over the store of the same loop.
    package init(
        loop: EventLoop,
        accounts: any AccountStore,
        revoked: RevokedSessions,
        uses: SessionUses,
        logger: Logger
    ) {
        self.loop = loop
        self.accounts = accounts
        self.revoked = revoked
        self.uses = uses
        self.logger = logger
    }

    /// Works until `shutdown` is given.
    package func run(until shutdown: ShutdownSignal) async {
        while !shutdown.isTriggered {
            let end = loop.now + Self.interval
            await look()
            await note()
            while !shutdown.isTriggered, loop.now < end { await loop.sleep(for: min(Self.step, end - loop.now)) }
        }
    }

    /// Asks for revocations once.
    package func look() async {
        let begun = loop.now
        let window = lastAnswer.map { min(begun - $0 + Self.overlap, revoked.horizon) } ?? revoked.horizon
        do {
            revoked.add(try await accounts.revoked(within: window), now: begun)
            revoked.completed(now: begun)
            lastAnswer = begun
        } catch {
            logger.warning("revoked sessions not known", ["error": .string("\(error)")])
        }
    }

    /// Writes which sessions were used, as many as go in one statement; what fails is written at the next use.
    ///
    /// When their users were last seen is left to presence: they may want to be invisible.
    package func note() async {
        let used = uses.take(limit: Self.usesAtOnce)
        guard !used.isEmpty else { return }
        do {
            try await accounts.noteUses(used.map { (session: $0.session, at: $0.at) })
        } catch {
            logger.debug("uses of sessions not written", ["error": .string("\(error)")])
        }
    }
}
