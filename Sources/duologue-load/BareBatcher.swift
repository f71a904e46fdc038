internal import Domain
internal import IOCore
internal import Messaging

/// The server's batching rule and nothing else: what the stores can do for closed-loop callers.
///
/// Loop-bound. The next batch begins when the Postgres slot is free and fewer than two batches are on their way into
/// MongoDB; it holds at most 128 operations or 256 KiB; finished redo rows are dropped with the next batch. The limits
/// are those of the server's lane. There is no admission, no publishing, no recovery and no retry.
final class BareBatcher {
    private struct Caller {
        let operation: Operation
        let continuation: CheckedContinuation<Allocation, any Error>
    }

    private let log: any CommitLog
    private let bodies: any BodyStore
    private let loop: EventLoop
    private let bell: Bell
    private let limits = CommitLane.Limits()
    private var waiting: [Caller] = []
    private var inMongo = 0
    private var finished: [BatchID] = []
    private var applying: [BatchID: [(CommittedOperation, CheckedContinuation<Allocation, any Error>)]] = [:]
    private var isStopped = false

    /// A batcher over stores of the same loop.
    init(stores: DirectStores, loop: EventLoop) {
        log = stores.log
        bodies = stores.bodies
        self.loop = loop
        bell = Bell(loop: loop)
    }

    /// Returns once both stores hold the operation.
    ///
    /// - Throws: `StoreError`, or the `Failure` it was refused with.
    func submit(_ operation: Operation) async throws -> Allocation {
        try await withCheckedThrowingContinuation { continuation in
            waiting.append(Caller(operation: operation, continuation: continuation))
            bell.ring()
        }
    }

    /// Commits and applies until `stop()`, then what is waiting, and drops the finished rows.
    func run() async {
        let bound = LoopBound(self, loop: loop)
        let loop = loop
        await withDiscardingTaskGroup { group in
            while await hasWork() {
                guard let batch = await commit() else { continue }
                group.addTask(executorPreference: loop) {
                    await loop.actor.run { _ in await bound.value.apply(batch) }
                }
            }
        }
        try? await log.drop(finished)
        finished = []
    }

    /// Ends `run()`.
    func stop() {
        isStopped = true
        bell.ring()
    }

    private func hasWork() async -> Bool {
        while waiting.isEmpty || inMongo >= limits.mongoDepth {
            if isStopped, waiting.isEmpty { return false }
            await bell.wait()
        }
        return true
    }

    private func commit() async -> BatchID? {
        let callers = takeBatch()
        let dropping = finished
        finished = []
        let id = BatchID.random()
        do {
            let results = try await log.commit(id, callers.map(\.operation), dropping: dropping, wait: true)
            var committed: [(CommittedOperation, CheckedContinuation<Allocation, any Error>)] = []
            for (caller, result) in zip(callers, results) {
                if case .committed(let allocation) = result {
                    let operation = CommittedOperation(operation: caller.operation, allocation: allocation)
                    committed.append((operation, caller.continuation))
                } else {
                    caller.continuation.resume(throwing: Self.failure(result))
                }
            }
            guard !committed.isEmpty else { return nil }
            applying[id] = committed
            inMongo += 1
            return id
        } catch {
            finished += dropping
            for caller in callers { caller.continuation.resume(throwing: error) }
            return nil
        }
    }

    private func apply(_ id: BatchID) async {
        let batch = applying.removeValue(forKey: id) ?? []
        do {
            try await bodies.apply(batch.flatMap { PostImages.documents(of: $0.0) })
            finished.append(id)
            for (committed, continuation) in batch { continuation.resume(returning: committed.allocation) }
        } catch {
            for (_, continuation) in batch { continuation.resume(throwing: error) }
        }
        inMongo -= 1
        bell.ring()
    }

    private func takeBatch() -> [Caller] {
        var count = 0
        var bytes = 0
        for caller in waiting.prefix(limits.batchOperations) {
            let size = caller.operation.payload.count
            guard count == 0 || bytes + size <= limits.batchBytes else { break }
            count += 1
            bytes += size
        }
        let taken = Array(waiting.prefix(count))
        waiting.removeFirst(count)
        return taken
    }

    private static func failure(_ result: CommitResult) -> any Error {
        if case .refused(let failure) = result { return failure }
        return LoadError(.refused, "the batch function answered \(result)")
    }
}
