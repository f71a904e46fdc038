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
    private let isConnected: (UserID) -> Bool
    private let logger: Logger
    private var lastAnswer: ContinuousClock.Instant?

    private static let interval = Duration.seconds(2)
    private static let step = Duration.milliseconds(100)
    /// Longer than a transaction may take.
    private static let overlap = Duration.seconds(30)
    private static let usesAtOnce = 500

    /// A watch over the store of the same loop; those whose sockets are here are seen without it (`isConnected`).
    package init(
        loop: EventLoop,
        accounts: any AccountStore,
        revoked: RevokedSessions,
        uses: SessionUses,
        isConnected: @escaping (UserID) -> Bool,
        logger: Logger
    ) {
        self.loop = loop
        self.accounts = accounts
        self.revoked = revoked
        self.uses = uses
        self.isConnected = isConnected
        self.logger = logger
    }

    /// Works until `shutdown` is given.
    package func run(until shutdown: ShutdownSignal) async {
        while !shutdown.isTriggered {
            await look()
            await note()
            let end = loop.now + Self.interval
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

    /// Writes which sessions were used; what fails is written at the next use.
    package func note() async {
        while true {
            let used = uses.take(limit: Self.usesAtOnce)
            guard !used.isEmpty else { return }
            do {
                try await accounts.noteUses(used.map { (session: $0.session, at: $0.at) })
                // Of the others presence knows better: they may be invisible.
                var seen: [UserID: Timestamp] = [:]
                for use in used where !isConnected(use.user) { seen[use.user] = max(seen[use.user] ?? use.at, use.at) }
                if !seen.isEmpty { try await accounts.noteSeen(seen.map { (user: $0.key, at: $0.value) }) }
            } catch {
                return logger.debug("uses of sessions not written", ["error": .string("\(error)")])
            }
        }
    }
}
