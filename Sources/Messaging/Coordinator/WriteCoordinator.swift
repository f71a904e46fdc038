package import Domain
package import IOCore

/// The shell around one `CommitLane`: performs its actions against the stores and answers callers.
///
/// Loop-bound.
///
/// A caller gets its answer once both stores hold its operation, or a typed failure: `overloaded` and
/// `store_unavailable` mean that nothing was written, `in_flight` that the write may be, or is, decided and asking again
/// with the same id tells. Nothing committed is given up when a caller leaves.
package final class WriteCoordinator {
    /// How long things may take.
    package struct Deadlines: Sendable {
        /// From submission to the answer.
        package var answer: Duration = .seconds(5)
        /// From the order to stop until what is under way is left to recovery.
        package var drain: Duration = .seconds(10)

        /// The deadlines of the design.
        package init() {}
    }

    /// Gets the answer to one operation, on the coordinator's loop, exactly once.
    package typealias Reply = (Result<CommitLane.Outcome, Failure>) -> Void

    let loop: EventLoop
    let log: any CommitLog
    let bodies: any BodyStore
    let broker: any Broker
    let logger: Logger
    let metrics: CoordinatorMetrics
    private let deadlines: Deadlines

    /// What the coordinator's tasks do.
    private enum Work {
        case perform(CommitLane.Action)
        case measure
    }

    var lane: CommitLane
    var breaker = CircuitBreaker()
    private var admission: RedoAdmission
    private var isMeasuring = false
    private let finishCovering: (ChatID, Offset) -> Void
    private var callers: [CommitLane.Ticket: Reply] = [:]
    private var expiries: [(at: ContinuousClock.Instant, ticket: CommitLane.Ticket)] = []
    private var nextTicket = 0
    private let ready = LoopQueue<Work>()
    private var isStopping = false
    private(set) var isEnded = false

    private static let sweepInterval = Duration.milliseconds(50)
    /// Covered events are not among the announced heads, so a quiet chat's head lags by this.
    private static let dropInterval = Duration.milliseconds(100)
    private static let measureInterval = Duration.seconds(1)

    /// Makes a coordinator over stores of the same loop; it works while `run(until:)` does.
    ///
    /// `redoLimitBytes` is how much may be committed and not in MongoDB, over all nodes, before writes are refused.
    /// `finishCovering` is asked for events that a duplicate has waited for in vain.
    package init(
        loop: EventLoop,
        log: any CommitLog,
        bodies: any BodyStore,
        broker: any Broker,
        metrics: CoordinatorMetrics,
        logger: Logger,
        limits: CommitLane.Limits = .init(),
        deadlines: Deadlines = .init(),
        redoLimitBytes: Int = 64 << 20,
        finishCovering: @escaping (ChatID, Offset) -> Void = { _, _ in }
    ) {
        self.loop = loop
        self.log = log
        self.bodies = bodies
        self.broker = broker
        self.metrics = metrics
        self.logger = logger
        self.deadlines = deadlines
        self.finishCovering = finishCovering
        lane = CommitLane(limits: limits)
        admission = RedoAdmission(limitBytes: redoLimitBytes)
    }

    /// Takes an operation through both stores.
    ///
    /// Cancellation does not interrupt it; the deadline does.
    /// - Throws: a `Failure`, as the type's description says.
    package func submit(_ operation: Operation) async throws(Failure) -> CommitLane.Outcome {
        let result = await withCheckedContinuation { continuation in
            submit(operation) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// Takes an operation through both stores without a task: operations handed in one after the other keep that order.
    package func submit(_ operation: Operation, _ reply: @escaping Reply) {
        guard !isStopping else { return reply(.failure(Failure(.storeUnavailable, "The server is shutting down."))) }
        let start = loop.now
        if let wait = breaker.admit(at: start) {
            return reply(.failure(Failure(.storeUnavailable, "MongoDB is not available.", retryAfter: wait)))
        }
        if let refusal = admission.refusal { return reply(.failure(refusal)) }
        nextTicket += 1
        let ticket = nextTicket
        callers[ticket] = { [metrics] result in
            metrics.answered(result, after: .now - start)
            reply(result)
        }
        expiries.append((start + deadlines.answer, ticket))
        take(lane.submit(operation, ticket: ticket, BatchID.random))
    }

    /// Performs the lane's actions until `shutdown` is given and what is under way is done.
    package func run(until shutdown: ShutdownSignal) async {
        let bound = LoopBound(self, loop: loop)
        let loop = loop
        scheduleSweep()
        scheduleDrop()
        scheduleMeasure()
        await withDiscardingTaskGroup { group in
            group.addTask(executorPreference: loop) {
                await shutdown.wait()
                await loop.actor.run { _ in await bound.value.drain() }
            }
            while let work = await ready.next() {
                group.addTask(executorPreference: loop) {
                    await loop.actor.run { _ in
                        switch work {
                        case .perform(let action): await bound.value.perform(action)
                        case .measure: await bound.value.measure()
                        }
                    }
                }
            }
        }
    }

    // MARK: Actions

    func take(_ actions: [CommitLane.Action]) {
        for action in actions {
            switch action {
            case .answer(let ticket, let result): answer(ticket, result)
            case .finishCovering(let chat, let offset): finishCovering(chat, offset)
            case .commit, .apply, .announce, .drop, .quarantine: ready.append(.perform(action))
            }
        }
    }

    private func answer(_ ticket: CommitLane.Ticket, _ result: Result<CommitLane.Outcome, Failure>) {
        callers.removeValue(forKey: ticket)?(result)
    }

    // MARK: Time

    private func scheduleSweep() {
        loop.schedule(after: Self.sweepInterval) { [weak self] in
            guard let self, !isEnded else { return }
            expire()
            take(lane.retryCovered(BatchID.random))
            scheduleSweep()
        }
    }

    private func scheduleDrop() {
        loop.schedule(after: Self.dropInterval) { [weak self] in
            guard let self, !isEnded else { return }
            take(lane.dropFinished())
            scheduleDrop()
        }
    }

    /// Before its first measure, and when it cannot measure, a node lets in what the breaker lets in.
    private func scheduleMeasure() {
        loop.schedule(after: Self.measureInterval) { [weak self] in
            guard let self, !isEnded else { return }
            if !isMeasuring {
                isMeasuring = true
                ready.append(.measure)
            }
            scheduleMeasure()
        }
    }

    private func measure() async {
        defer { isMeasuring = false }
        do {
            let depth = try await log.depth()
            metrics.measured(depth)
            guard admission.measured(depth, at: loop.now) else { return }
            logger.error(
                "redo is not getting done",
                [
                    "oldest_seconds": .double(depth.oldestAge.seconds), "rows": .int(depth.rows),
                    "bytes": .int(depth.bytes),
                ]
            )
        } catch {
            logger.debug("redo not measured", ["error": .string("\(error)")])
        }
    }

    private func expire() {
        let now = loop.now
        let due = expiries.prefix { $0.at <= now }
        guard !due.isEmpty else { return }
        let tickets = Set(due.map(\.ticket))
        expiries.removeFirst(due.count)
        take(lane.expire(tickets.intersection(callers.keys)))
    }

    private func drain() async {
        isStopping = true
        let end = loop.now + deadlines.drain
        while !lane.isIdle || !callers.isEmpty, loop.now < end { await loop.sleep(for: .milliseconds(10)) }
        for action in lane.dropFinished() { await perform(action) }
        isEnded = true
        ready.finish()
        for ticket in Array(callers.keys) {
            answer(ticket, .failure(Failure(.inFlight, "The server stopped before the write was done.")))
        }
    }
}
