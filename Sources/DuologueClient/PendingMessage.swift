internal import Synchronization

/// A message that was handed to a client and may not have reached the server yet.
///
/// The client sends it, again where it must, until the server has it or refuses it for good.
public final class PendingMessage: Sendable {
    /// What the message is known by: its copies count once.
    public let id: DuologueClient.ClientMessageID
    /// Where it goes.
    public let chat: DuologueClient.ChatID

    private struct State {
        var outcome: Result<DuologueClient.SentMessage, DuologueError>?
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter = 0
    }

    private let state = Mutex(State())

    init(id: DuologueClient.ClientMessageID, chat: DuologueClient.ChatID) {
        self.id = id
        self.chat = chat
    }

    /// What became of it; nil while that is open.
    public var outcome: Result<DuologueClient.SentMessage, DuologueError>? { state.withLock(\.outcome) }

    /// Waits until the server has it in both of its stores.
    ///
    /// - Throws: why the server refused it; `closed` or `sessionEnded` where the client ended first, after which it is open
    ///   whether the server has it; `cancelled` when the waiting task is, which leaves the message on its way.
    public func acknowledgement() async throws(DuologueError) -> DuologueClient.SentMessage {
        let number = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isSettled = state.withLock { state in
                    guard state.outcome == nil, !Task.isCancelled else { return true }
                    state.waiters[number] = continuation
                    return false
                }
                if isSettled { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
        guard let outcome else { throw DuologueError(.cancelled, "the wait was cancelled") }
        return try outcome.get()
    }

    func settle(_ outcome: Result<DuologueClient.SentMessage, DuologueError>) {
        let waiters = state.withLock { state in
            if state.outcome == nil { state.outcome = outcome }
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }
}
