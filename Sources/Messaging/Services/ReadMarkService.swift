package import Domain
package import IOCore

/// Moves read marks, and tells those who may know.
///
/// Loop-bound.
///
/// Marks that come within the same 100 ms go to the store in one statement. No task stands by for that: the first of those
/// who wait makes the call for all, and hands the next one over to the first of those who came meanwhile.
package final class ReadMarkService {
    /// Chats with more members tell a reader's progress to the reader's own devices alone: every member's mark going to every
    /// other grows with the square of their number.
    package static let receiptMemberLimit = 500

    private let loop: EventLoop
    private let store: any ReadStateStore
    private let memberships: MembershipService
    private let publish: (EphemeralEvent) -> Void
    private var waiting: [Waiter] = []
    private var isCalling = false
    private var nextCall: ContinuousClock.Instant

    private struct Waiter {
        let mark: ReadMark
        let turn: CheckedContinuation<Turn, Never>
    }

    /// What somebody who waited is woken for.
    private enum Turn: Sendable {
        case lead
        case answered(Result<ReadProgress?, any Error>)
    }

    private static let pause = Duration.milliseconds(100)
    private static let marksAtOnce = 500
    /// Beyond it marks are refused: the store does not keep up.
    private static let waitingLimit = 10_000

    /// A service over stores of the same loop; `publish` gets the receipts.
    package init(
        loop: EventLoop,
        store: any ReadStateStore,
        memberships: MembershipService,
        publish: @escaping (EphemeralEvent) -> Void
    ) {
        self.loop = loop
        self.store = store
        self.memberships = memberships
        self.publish = publish
        nextCall = loop.now
    }

    /// Moves a mark forward and returns where it is then; one that is already farther stays there.
    ///
    /// A chat that was marked unread is so no more, and the reader's devices are told.
    ///
    /// - Throws: `chat_not_found` for a stranger, `invalid_value` for a message that does not exist yet, `overloaded`, and
    ///   `StoreError`.
    package func read(_ mark: ReadMark) async throws -> ReadProgress {
        guard let progress = try await advance(mark) else { throw Failure.chatNotFound }
        guard mark.sequence <= progress.lastSequence else {
            throw Failure(.invalidValue, "seq: the chat has no message beyond \(progress.lastSequence)")
        }
        if progress.hasCleared { await memberships.tell(mark.chat, to: mark.user) }
        return progress
    }

    /// How far the members of a chat have read, in order of joining.
    ///
    /// - Throws: `chat_not_found` for a stranger, `invalid_value` for a cursor of somebody else, and `StoreError`.
    package func receipts(
        of chat: ChatID,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> Page<ReadMark> {
        guard let page = try await store.receipts(of: chat, for: user, limit: limit, cursor: cursor) else {
            throw Failure.chatNotFound
        }
        return page
    }

    /// The marks of those who have read a message, in order of joining: members since before it was said, without its sender.
    ///
    /// - Throws: `chat_not_found` for a stranger, `message_not_found`, `invalid_value` for a cursor of somebody else, and
    ///   `StoreError`.
    package func readers(
        of message: MessageID,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> Page<ReadMark> {
        guard let page = try await store.readers(of: message, for: user, limit: limit, cursor: cursor) else {
            throw Failure.chatNotFound
        }
        return page
    }

    /// What waits for a user: sums over all chats, and a page of those it waits in.
    ///
    /// - Throws: `invalid_value` for a cursor of somebody else, and `StoreError`.
    package func unread(of user: UserID, limit: Int, cursor: String?) async throws -> UnreadSummary {
        try await store.unread(of: user, limit: limit, cursor: cursor)
    }

    private func advance(_ mark: ReadMark) async throws -> ReadProgress? {
        guard waiting.count < Self.waitingLimit else {
            throw Failure(.overloaded, "Too many read marks wait to be stored.")
        }
        if case .answered(let result) = await turn(for: mark) { return try result.get() }
        if nextCall > loop.now { await loop.sleep(for: nextCall - loop.now) }
        nextCall = loop.now + Self.pause
        return try await lead(mark)
    }

    /// Waits while another call is made or prepared.
    private func turn(for mark: ReadMark) async -> Turn {
        await withCheckedContinuation { continuation in
            // Looked at in here: other jobs of the loop may run before the continuation exists.
            guard !isCalling else { return waiting.append(Waiter(mark: mark, turn: continuation)) }
            isCalling = true
            continuation.resume(returning: .lead)
        }
    }

    /// Makes the call for everybody who waits, oneself first.
    private func lead(_ mark: ReadMark) async throws -> ReadProgress? {
        let others = Array(waiting.prefix(Self.marksAtOnce - 1))
        waiting.removeFirst(others.count)
        let marks = [mark] + others.map(\.mark)
        let result: Result<[ReadProgress?], any Error>
        do {
            let progress = try await store.advance(marks)
            announce(zip(marks, progress))
            result = .success(progress)
        } catch {
            result = .failure(error)
        }
        for (index, other) in others.enumerated() {
            other.turn.resume(returning: .answered(result.map { $0[index + 1] }))
        }
        isCalling = false
        handOver()
        return try result.map { $0[0] }.get()
    }

    /// The mark that moved farthest is told, once for each user and chat.
    private func announce(_ moves: some Sequence<(ReadMark, ReadProgress?)>) {
        var told: Set<ReadMark> = []
        for case (var mark, let progress?) in moves where progress.hasMoved {
            mark.sequence = progress.readSequence
            guard told.insert(mark).inserted else { continue }
            let isTold = progress.isTold && progress.participantCount <= Self.receiptMemberLimit
            publish(EphemeralEncoder.receipt(mark, to: isTold ? .chat(mark.chat) : .user(mark.user, in: mark.chat)))
        }
    }

    private func handOver() {
        guard !waiting.isEmpty else { return }
        // Taken at once, so that nobody who comes before the woken one runs leads as well.
        isCalling = true
        let next = waiting.removeFirst()
        next.turn.resume(returning: .lead)
    }
}
