#if FAILPOINTS
package import Domain
package import IOCore

/// A commit log that passes the failpoints of the lane, or those of a recovery, around another one's work.
///
/// Loop-bound.
package final class FailingCommitLog: CommitLog {
    /// Whose steps they are.
    package enum User: Sendable {
        case lane, recovery
    }

    private let log: any CommitLog
    private let failpoints: Failpoints
    private let user: User
    private let loop: EventLoop

    /// Wraps a log of the same loop.
    package init(_ log: any CommitLog, _ failpoints: Failpoints, for user: User, loop: EventLoop) {
        self.log = log
        self.failpoints = failpoints
        self.user = user
        self.loop = loop
    }

    package func commit(
        _ batch: BatchID,
        _ operations: [Operation],
        dropping finished: [BatchID],
        wait: Bool,
        again: Bool
    ) async throws -> [CommitResult] {
        try await pass(.commitBefore)
        let results = try await log.commit(batch, operations, dropping: finished, wait: wait, again: again)
        try await pass(.commitAfter)
        return results
    }

    package func drop(_ batches: [BatchID]) async throws {
        if user == .lane { try await pass(.dropBefore) }
        try await log.drop(batches)
        try await pass(user == .lane ? .dropAfter : .recoveryDropped)
    }

    package func takeExpired(limit: Int) async throws -> [RedoBatch] {
        let batches = try await log.takeExpired(limit: limit)
        if !batches.isEmpty { try await pass(.recoveryTaken) }
        return batches
    }

    package func takeCovering(_ chat: ChatID, through offset: Offset) async throws -> [RedoBatch] {
        let batches = try await log.takeCovering(chat, through: offset)
        if !batches.isEmpty { try await pass(.recoveryTaken) }
        return batches
    }

    package func quarantine(_ chats: Set<ChatID>, of batch: BatchID, reason: String) async throws {
        try await pass(.quarantineBefore)
        try await log.quarantine(chats, of: batch, reason: reason)
        try await pass(.quarantineAfter)
    }

    package func nextChatID() async throws -> ChatID { try await log.nextChatID() }
    package func renew(_ batches: [BatchID]) async throws { try await log.renew(batches) }
    package func depth() async throws -> RedoDepth { try await log.depth() }
    package func maintain() async throws { try await log.maintain() }

    private func pass(_ point: Failpoint) async throws {
        try await failpoints.pass(point, of: .postgres, on: loop)
    }
}
#endif
