internal import Domain
internal import IOCore
internal import Messaging

/// Sending a client what it missed while it was away.
extension Hub {
    /// Sends the events that a plan names, as fast as the socket takes them, and then its answers.
    func catchUp(_ session: any EventReceiver, _ user: UserID, _ plan: ResumePlan) async throws {
        for case .events(let chat, let after, let end) in plan.answers {
            var offset = after
            while offset < end, session.isOpen {
                for event in try await missed(of: chat, after: offset, through: end, for: user) {
                    await session.waitUntilDrained()
                    session.deliver(event.frame)
                    offset = event.offset
                }
            }
        }
        await session.waitUntilDrained()
        guard session.isOpen else { return }
        session.deliver(ServerFrames.resumed(plan.answers))
        await session.waitUntilDrained()
    }

    /// The next events after an offset, at least one, of which none is beyond `end`: from this loop's memory or the stores.
    private func missed(
        of chat: ChatID,
        after offset: Offset,
        through end: Offset,
        for user: UserID
    ) async throws -> [OutboundEvent] {
        if let stream = channels[chat]?.stream, let delivered = stream.delivered, delivered >= end,
            let recent = stream.replay(after: offset)
        {
            return recent.filter { $0.offset <= end }
        }
        let (events, isMember) = try await reading {
            let events = try await reader.announcements(of: chat, after: offset, limit: Self.fillLimit)
            // Asked last: whoever is a member now may read all that was before.
            return (events, try await directory.participant(user, of: chat, for: user) != nil)
        }
        guard isMember, let first = events.first, first.offset <= end else {
            throw StoreError(.postgres, .retryable, "what a client missed is not what it was")
        }
        return events.filter { $0.offset <= end }.map(OutboundEvent.init)
    }

    /// Reads the stores for one socket; at most so many do at a time.
    func reading<Value>(_ body: () async throws -> Value) async throws -> Value {
        let permit = try await reads.lease(deadline: Self.readDeadline)
        defer { reads.offer(permit) }
        return try await body()
    }

    private static let readDeadline = Duration.seconds(20)
}
