package import IOCore

/// MongoDB for async callers: libmongoc's blocking calls on threads of their own, behind a bounded queue.
///
/// Every operation has a deadline and resumes its caller by then, on the caller's executor, whatever its thread is
/// doing; the server is told the same limit. Cancelling the caller's task does not interrupt an operation.
/// All errors are `MongoError`; its `isOutcomeUnknown` tells a write that may still land from one that cannot.
package final class MongoClient: Sendable {
    private let configuration: MongoConfiguration
    private let clients: NativeClientPool
    private let workers: BlockingPool
    private let deadlines = DeadlineWatch()
    private let observer: MongoObserver?

    /// Starts the threads; connections open when they are first needed.
    ///
    /// Throws `invalidArgument` for a URL that libmongoc refuses. libmongoc has one log for the process, so the logger
    /// of the client made last receives it.
    package init(
        _ configuration: MongoConfiguration,
        logger: Logger,
        observer: MongoObserver? = nil
    ) throws(MongoError) {
        MongoLogging.redirect(to: logger)
        self.configuration = configuration
        self.observer = observer
        clients = try NativeClientPool(configuration)
        workers = BlockingPool(name: "mongo", threads: configuration.threads, queueLimit: configuration.queueLimit)
        deadlines.start()
    }

    /// Refuses new operations, lets those under way and in the queue end, and waits for the threads.
    ///
    /// Blocks, so it is not for a loop; at most the socket timeout an operation, and callers still have their deadlines.
    package func shutdown() {
        workers.shutdown()
        deadlines.stop()
    }

    /// How long an operation may still take, for the server and for the driver.
    struct Limit: Sendable {
        let deadline: ContinuousClock.Instant

        var milliseconds: Int64 { (deadline - .now).wholeMilliseconds }
    }

    /// Runs `work` on a thread with a connection of its own and resumes by the deadline.
    func perform<Success: Sendable>(
        _ operation: MongoOperation,
        deadline: Duration?,
        _ work: @escaping @Sendable (borrowing NativeClient, Limit) throws(MongoError) -> Success
    ) async throws(MongoError) -> Success {
        let begun = ContinuousClock.now
        let limit = Limit(deadline: begun + (deadline ?? configuration.deadline))
        let outcome = await withCheckedContinuation { continuation in
            enqueue(PendingOperation(continuation, mayWrite: operation.mayWrite), limit, work)
        }
        if let observer {
            var failure: MongoError?
            if case .failure(let error) = outcome { failure = error }
            observer(operation, .now - begun, failure)
        }
        return try outcome.get()
    }

    private func enqueue<Success: Sendable>(
        _ pending: PendingOperation<Success>,
        _ limit: Limit,
        _ work: @escaping @Sendable (borrowing NativeClient, Limit) throws(MongoError) -> Success
    ) {
        let ticket = deadlines.add(limit.deadline) { pending.expire() }
        let refusal = workers.submit { [clients, deadlines] in
            guard pending.begin() else { return }
            let outcome = Result { () throws(MongoError) -> Success in
                try clients.withClient { client throws(MongoError) in try work(client, limit) }
            }
            deadlines.remove(ticket)
            pending.complete(outcome)
        }
        guard let refusal else { return }
        deadlines.remove(ticket)
        let code: MongoError.Code = refusal.code == .shutdown ? .shutdown : .overloaded
        pending.complete(.failure(MongoError(code, refusal.message)))
    }
}
