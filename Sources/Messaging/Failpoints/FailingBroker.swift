#if FAILPOINTS
package import Domain
package import IOCore

/// A broker that passes failpoints around another one's announcements.
///
/// Loop-bound.
package final class FailingBroker: Broker {
    private let broker: any Broker
    private let failpoints: Failpoints
    private let user: FailingCommitLog.User
    private let loop: EventLoop

    /// Wraps a broker of the same loop.
    package init(_ broker: any Broker, _ failpoints: Failpoints, for user: FailingCommitLog.User, loop: EventLoop) {
        self.broker = broker
        self.failpoints = failpoints
        self.user = user
        self.loop = loop
    }

    package func announce(_ announcements: [Announcement]) async {
        do {
            if user == .lane { try await pass(.announceBefore) }
            await broker.announce(announcements)
            try await pass(user == .lane ? .announceAfter : .recoveryAnnounced)
        } catch {
            // A broker never fails; the announcement is lost, as one to a subscriber that is away would be.
        }
    }

    package func announce(ephemeral event: EphemeralEvent) { broker.announce(ephemeral: event) }

    package func deliver(ephemeral event: EphemeralEvent) { broker.deliver(ephemeral: event) }

    private func pass(_ point: Failpoint) async throws {
        try await failpoints.pass(point, of: .redis, on: loop)
    }
}
#endif
