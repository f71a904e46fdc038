/// What a pipelined connection has sent and awaits, as a value: told what arrives, it answers what to do.
///
/// Statements between two Syncs are a group: the server runs them in one implicit transaction, which commits at the Sync,
/// after their results. So a caller is answered only when the Sync is (ReadyForQuery). One failure aborts the rest of its
/// group and rolls back what came before; the shell never learns of that, because aborted reads are sent once more, each
/// in a group of its own where nobody else can abort it.
/// Source: PostgreSQL documentation 34.5 "Pipeline Mode", 55.2.3 "Extended Query".
struct PipelineMachine<Request, Answer> {
    /// One thing for the shell to do, in order.
    enum Action {
        case prepare(name: String, Request)
        /// Without a name: parse, bind and execute the unnamed statement.
        case execute(name: String?, Request)
        case deallocate(name: String)
        case sync
        /// Call `endOfTick()` once at the end of this loop tick.
        case syncAtEndOfTick
        /// A text of several statements, by the simple protocol.
        case runScript(Request)
        case answer(Request, Result<Answer, PostgresError>)
        /// The connection was lost before this read had an answer: it may be sent once more elsewhere.
        case giveBack(Request)
        /// What arrived makes no sense.
        case fail(PostgresError)
    }

    /// What libpq hands out, one at a time.
    enum Event {
        case answer(Answer)
        case failure(PostgresError)
        case aborted
        /// No more results of this command.
        case end
        case synced
    }

    private struct Exchange {
        let request: Request
        let key: StatementCache.Key
        let policy: SyncPolicy
        let isRepeat: Bool
        var outcome: Outcome?
    }

    private enum Outcome {
        case success(Answer)
        case failure(PostgresError)
        case aborted
    }

    private enum Command {
        case prepare(name: String, StatementCache.Key)
        case execute(Exchange)
        case script(Exchange)
        case deallocate
        case sync
    }

    private var commands = Queue<Command>()
    /// Executed in the group whose Sync is awaited.
    private var held: [Exchange] = []
    private var prepareFailure: PostgresError?
    private var syncFailure: PostgresError?
    private var cache: StatementCache
    private var group: UInt64 = 0
    private var hasUnsynced = false
    private var isSyncScheduled = false
    private let limit: Int

    /// Statements sent and not yet answered.
    private(set) var inFlight = 0

    /// True while libpq must be asked for results.
    var expectsResults: Bool { !commands.isEmpty }

    private var isRunningScript: Bool {
        if case .script = commands.first { true } else { false }
    }

    init(limit: Int, statementLimit: Int) {
        self.limit = limit
        self.cache = StatementCache(limit: statementLimit)
    }

    /// Visits every statement that is sent and not yet answered.
    ///
    /// O(n).
    func forEachRequest(_ body: (Request) -> Void) {
        for exchange in held { body(exchange.request) }
        commands.forEach { command in
            switch command {
            case .execute(let exchange), .script(let exchange): body(exchange.request)
            case .prepare, .deallocate, .sync: break
            }
        }
    }

    // MARK: Sending

    /// Queues a statement.
    ///
    /// Throws `.overloaded` when `limit` are in flight.
    mutating func submit(
        _ request: Request,
        key: StatementCache.Key,
        policy: SyncPolicy,
        isRepeat: Bool = false
    ) throws(PostgresError) -> [Action] {
        guard inFlight < limit else { throw PostgresError(.overloaded, "\(limit) statements are in flight") }
        guard policy != .script || commands.isEmpty, !isRunningScript else {
            throw PostgresError(.overloaded, "the session is busy, and a script runs alone")
        }
        inFlight += 1
        let exchange = Exchange(request: request, key: key, policy: policy, isRepeat: isRepeat)
        guard policy != .script else {
            commands.append(.script(exchange))
            return [.runScript(request)]
        }
        return enqueue(exchange)
    }

    /// Closes the group of this tick's reads.
    mutating func endOfTick() -> [Action] {
        isSyncScheduled = false
        var actions: [Action] = []
        closeGroup(&actions)
        return actions
    }

    private mutating func enqueue(_ exchange: Exchange) -> [Action] {
        var actions: [Action] = []
        let sharesGroup = exchange.policy == .perTick && !exchange.isRepeat
        // Reads of this tick must not end up in the transaction of a statement that has its own.
        if !sharesGroup { closeGroup(&actions) }
        switch cache.use(exchange.key, group: group) {
        case .named(let name):
            actions.append(.execute(name: name, exchange.request))
        case .unnamed:
            actions.append(.execute(name: nil, exchange.request))
        case .prepare(let name, let evicted):
            if let evicted { deallocate(evicted, &actions) }
            commands.append(.prepare(name: name, exchange.key))
            actions.append(.prepare(name: name, exchange.request))
            actions.append(.execute(name: name, exchange.request))
        }
        commands.append(.execute(exchange))
        hasUnsynced = true
        if !sharesGroup {
            closeGroup(&actions)
        } else if !isSyncScheduled {
            isSyncScheduled = true
            actions.append(.syncAtEndOfTick)
        }
        return actions
    }

    private mutating func closeGroup(_ actions: inout [Action]) {
        guard hasUnsynced else { return }
        hasUnsynced = false
        group += 1
        commands.append(.sync)
        actions.append(.sync)
    }

    /// In a group of its own, lest its failure roll a write back.
    private mutating func deallocate(_ name: String, _ actions: inout [Action]) {
        commands.append(.deallocate)
        actions.append(.deallocate(name: name))
        commands.append(.sync)
        actions.append(.sync)
    }

    // MARK: Receiving

    /// Takes what `PQgetResult` returned.
    mutating func received(_ event: Event) -> [Action] {
        guard let command = commands.first else {
            if case .end = event { return [] }
            return [.fail(PostgresError(.unavailable, "a result that belongs to no statement"))]
        }
        switch command {
        case .prepare(let name, let key): return prepareReceived(event, name: name, key: key)
        case .execute(let exchange): return executeReceived(event, exchange)
        case .script(let exchange): return scriptReceived(event, exchange)
        case .deallocate:
            if case .synced = event { return outOfStep() }
            if case .end = event { commands.removeFirst() }
            return []
        case .sync:
            switch event {
            case .synced:
                commands.removeFirst()
                return completeGroup()
            case .failure(let error):
                syncFailure = error
                return []
            case .end: return []
            case .answer, .aborted: return outOfStep()
            }
        }
    }

    private func outOfStep() -> [Action] {
        [.fail(PostgresError(.unavailable, "results and statements are out of step"))]
    }

    private mutating func prepareReceived(_ event: Event, name: String, key: StatementCache.Key) -> [Action] {
        switch event {
        case .answer: cache.confirm(key, name: name)
        case .failure(let error):
            cache.forget(key, name: name)
            prepareFailure = error
        case .aborted: cache.forget(key, name: name)
        case .end: commands.removeFirst()
        case .synced: return outOfStep()
        }
        return []
    }

    private mutating func executeReceived(_ event: Event, _ exchange: Exchange) -> [Action] {
        var exchange = exchange
        switch event {
        case .answer(let answer): exchange.outcome = .success(answer)
        case .failure(let error):
            if error.isStaleStatement { cache.forget(exchange.key) }
            exchange.outcome = .failure(error)
        case .aborted:
            // The statement whose own Parse failed is the one to blame; its Execute was merely skipped.
            exchange.outcome = prepareFailure.map { .failure($0) } ?? .aborted
            prepareFailure = nil
        case .end:
            guard exchange.outcome != nil else { return outOfStep() }
            commands.removeFirst()
            held.append(exchange)
            return []
        case .synced: return outOfStep()
        }
        commands.replaceFirst(.execute(exchange))
        return []
    }

    private mutating func scriptReceived(_ event: Event, _ exchange: Exchange) -> [Action] {
        var exchange = exchange
        switch event {
        case .answer(let answer):
            if case .failure = exchange.outcome { break }
            exchange.outcome = .success(answer)
        case .failure(let error): exchange.outcome = .failure(error)
        case .end:
            commands.removeFirst()
            inFlight -= 1
            switch exchange.outcome {
            case .success(let answer): return [.answer(exchange.request, .success(answer))]
            case .failure(let error): return [.answer(exchange.request, .failure(error))]
            case .aborted, nil: return outOfStep()
            }
        case .aborted, .synced: return outOfStep()
        }
        commands.replaceFirst(.script(exchange))
        return []
    }

    /// The Sync was answered: what the group did is decided.
    private mutating func completeGroup() -> [Action] {
        let completed = held
        let failure = syncFailure
        held.removeAll(keepingCapacity: true)
        syncFailure = nil
        var actions: [Action] = []
        actions.reserveCapacity(completed.count)
        for exchange in completed {
            switch exchange.outcome {
            case .success(let answer):
                settle(exchange, failure.map { .failure(commitFailure($0, exchange)) } ?? .success(answer), &actions)
            case .failure(let error) where error.isStaleStatement && mayRepeat(exchange):
                resend(exchange, &actions)
            case .failure(let error):
                settle(exchange, .failure(error), &actions)
            case .aborted where mayRepeat(exchange):
                resend(exchange, &actions)
            case .aborted, nil:
                settle(exchange, .failure(PostgresError(.unavailable, "the pipeline was aborted")), &actions)
            }
        }
        return actions
    }

    private func mayRepeat(_ exchange: Exchange) -> Bool {
        !exchange.isRepeat && exchange.policy != .session
    }

    private mutating func resend(_ exchange: Exchange, _ actions: inout [Action]) {
        actions += enqueue(
            Exchange(request: exchange.request, key: exchange.key, policy: exchange.policy, isRepeat: true)
        )
    }

    private mutating func settle(
        _ exchange: Exchange,
        _ result: Result<Answer, PostgresError>,
        _ actions: inout [Action]
    ) {
        inFlight -= 1
        actions.append(.answer(exchange.request, result))
    }

    /// A deferred constraint or a serialization failure at commit means rollback; of anything else we cannot be sure.
    private func commitFailure(_ error: PostgresError, _ exchange: Exchange) -> PostgresError {
        switch error.code {
        case .constraint, .serialization: error
        default: error.withUnknownOutcome(exchange.policy != .perTick)
        }
    }

    // MARK: Loss

    /// Settles everything, once.
    ///
    /// What the server had refused stays refused; a read that was lost for the first time goes back to the client; a
    /// write may have been committed.
    mutating func connectionLost(_ error: PostgresError) -> [Action] {
        var lost = held
        held = []
        while let command = commands.popFirst() {
            switch command {
            case .execute(let exchange), .script(let exchange): lost.append(exchange)
            case .prepare, .deallocate, .sync: break
            }
        }
        inFlight = 0
        return lost.map { exchange in
            let isRead = exchange.policy == .perTick
            switch exchange.outcome {
            case .success(let answer) where isRead:
                return .answer(exchange.request, .success(answer))
            case .failure(let refusal) where refusal.code != .unavailable:
                return .answer(exchange.request, .failure(refusal))
            default:
                if isRead, !exchange.isRepeat { return .giveBack(exchange.request) }
                return .answer(exchange.request, .failure(error.withUnknownOutcome(!isRead)))
            }
        }
    }
}
