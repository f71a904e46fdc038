package import IOCore

/// Runs statements on few shared connections to one Postgres server.
///
/// Loop-bound: one for each loop.
///
/// Reads go to readers, which gather all of a loop tick under one Sync; writes go to writers, where each is a transaction
/// of its own, and is answered only once it is committed. Connections that are lost come back by themselves while
/// `run()` runs. A caller waits at most until its deadline, and gets exactly one answer, on shutdown too; cancelling its
/// task does not end the wait, for that would leave the outcome unknown.
package final class PostgresClient {
    enum Role: CaseIterable { case reader, writer, session }

    let loop: EventLoop
    let configuration: PostgresConfiguration
    private let blocking: BlockingPool
    private let observer: ((PostgresObservation) -> Void)?
    private var open: [Role: [PostgresConnection]] = [.reader: [], .writer: [], .session: []]
    private var waiting: [Role: [PostgresRequest]] = [.reader: [], .writer: []]
    let pool: ConnectionPool<PostgresConnection>
    private var pauses: [ObjectIdentifier: Pause] = [:]
    private var drainWaiters: [CheckedContinuation<Void, Never>] = []
    private(set) var isShuttingDown = false
    private var isSweeping = false
    private var lastFailure = PostgresError(.unavailable, "not connected yet")

    /// How late a deadline may be noticed.
    private static let sweepInterval: Duration = .milliseconds(20)

    /// Makes a client without connections; `run()` makes them.
    ///
    /// `blocking` does the connecting. `observer` is told of every statement, on the loop.
    package init(
        configuration: PostgresConfiguration,
        loop: EventLoop,
        blocking: BlockingPool,
        observer: ((PostgresObservation) -> Void)? = nil
    ) {
        self.configuration = configuration
        self.loop = loop
        self.blocking = blocking
        self.observer = observer
        self.pool = ConnectionPool(loop: loop, waiterLimit: configuration.sessionWaiterLimit)
    }

    // MARK: Statements

    /// Runs a read, outside any transaction of the caller's.
    ///
    /// It may run twice, so it must not write.
    ///
    /// Throws `.timeout` at the deadline, `.unavailable` if there was no connection until then or two were lost,
    /// `.overloaded` where queues are full, `.shutdown`, `.encoding`, or what the server refused it with.
    package func query(
        _ query: PostgresQuery,
        deadline: Duration? = nil
    ) async throws(PostgresError) -> [PostgresRow] {
        try await result(of: query, policy: .perTick, deadline: deadline) { dispatch($0, .reader) }.rows
    }

    /// Runs a write as a transaction of its own; returns, with the rows of RETURNING, once it is committed.
    ///
    /// Throws as `query(_:deadline:)`; where ``PostgresError/isOutcomeUnknown`` is true, it may have been committed.
    @discardableResult
    package func execute(
        _ query: PostgresQuery,
        deadline: Duration? = nil
    ) async throws(PostgresError) -> [PostgresRow] {
        try await result(of: query, policy: .perStatement, deadline: deadline) { dispatch($0, .writer) }.rows
    }

    /// Asks the server for a sign of life.
    ///
    /// Throws as `query(_:deadline:)`.
    package func health(deadline: Duration = .seconds(1)) async throws(PostgresError) {
        _ = try await query("SELECT 1", deadline: deadline)
    }

    func result(
        of query: PostgresQuery,
        policy: SyncPolicy,
        deadline: Duration?,
        _ send: (PostgresRequest) -> Void
    ) async throws(PostgresError) -> LibpqResult {
        loop.assertCurrent()
        if let failure = query.binds.failure { throw failure }
        let start = loop.now
        let deadline = deadline ?? configuration.deadline
        let outcome: PostgresRequest.Outcome = await withCheckedContinuation { continuation in
            send(PostgresRequest(query, policy: policy, start: start, deadline: deadline, continuation: continuation))
            sweepLater()
        }
        if let observer {
            var code: PostgresError.Code?
            if case .failure(let error) = outcome { code = error.code }
            observer(PostgresObservation(name: query.name, duration: loop.now - start, error: code))
        }
        return try outcome.get()
    }

    // MARK: Dispatch

    private func dispatch(_ request: PostgresRequest, _ role: Role) {
        guard !isShuttingDown else {
            return request.finish(.failure(PostgresError(.shutdown, "the client was shut down")))
        }
        let candidates = (open[role] ?? []).lazy.filter(\.isOpen)
        if let connection = candidates.min(by: { $0.inFlight < $1.inFlight }) {
            return connection.submit(request)
        }
        guard waiting[role, default: []].count < configuration.inFlightLimit else {
            let error = PostgresError(.overloaded, "too many statements wait for a connection")
            return request.finish(.failure(error))
        }
        waiting[role, default: []].append(request)
    }

    /// One timer for all deadlines: at a hundred thousand statements a second, one each would cost as much as sending them.
    private func sweepLater() {
        guard !isSweeping else { return }
        isSweeping = true
        loop.schedule(after: Self.sweepInterval) { [weak self] in
            guard let self else { return }
            isSweeping = false
            sweep()
        }
    }

    private func sweep() {
        let now = loop.now
        for connection in open.values.joined() { connection.expire(at: now) }
        for role in Role.allCases {
            waiting[role]?.removeAll { request in
                guard request.expiry <= now else { return false }
                request.finish(.failure(PostgresError(.unavailable, "no connection: \(lastFailure.message)")))
                return true
            }
        }
        let isBusy = open.values.joined().contains { $0.inFlight > 0 } || waiting.values.contains { !$0.isEmpty }
        if isBusy { sweepLater() }
    }

    // MARK: Connections

    /// Keeps the connections until `shutdown()`; to be run in a task group of the loop's.
    package func run() async {
        let client = LoopBound(self, loop: loop)
        let roles =
            Array(repeating: Role.reader, count: configuration.readers)
            + Array(repeating: Role.writer, count: configuration.writers)
            + Array(repeating: Role.session, count: configuration.sessions)
        let loop = loop
        await withTaskGroup(of: Void.self) { group in
            for role in roles {
                group.addTask(executorPreference: loop) {
                    await loop.actor.run { _ in await client.value.maintain(role) }
                }
            }
        }
    }

    private func maintain(_ role: Role) async {
        var backoff = Backoff()
        while !isShuttingDown {
            do {
                let connection = try await connect()
                let start = loop.now
                await serve(connection, role)
                // A server that accepts and hangs up at once must not be asked in a tight loop.
                if loop.now - start > .seconds(1) { backoff.reset() }
            } catch {
                lastFailure = error
            }
            if !isShuttingDown { await pause(backoff.next()) }
        }
    }

    private func connect() async throws(PostgresError) -> PostgresConnection {
        let parameters = configuration.parameters
        let handle: LibpqConnection
        do {
            handle = try await blocking.run { try LibpqConnection.connect(parameters) }
        } catch {
            throw error as? PostgresError ?? PostgresError(.unavailable, "cannot connect now: \(error)")
        }
        return try PostgresConnection(adopting: handle, loop: loop, configuration: configuration)
    }

    private func serve(_ connection: PostgresConnection, _ role: Role) async {
        guard !isShuttingDown else {
            return connection.close(PostgresError(.shutdown, "the client was shut down"))
        }
        connection.onGiveBack = { [unowned self] in dispatch($0, role) }
        open[role]?.append(connection)
        if role == .session { pool.offer(connection) }
        let waiters = waiting[role] ?? []
        waiting[role] = []
        for request in waiters { dispatch(request, role) }
        await connection.waitUntilClosed()
        lastFailure = connection.closeReason ?? lastFailure
        open[role]?.removeAll { $0 === connection }
        pool.withdraw(connection)
        settleDrain()
    }

    private final class Pause {
        var continuation: CheckedContinuation<Void, Never>?
        var timer: LoopTimer?

        func end() {
            timer?.cancel()
            continuation?.resume()
            continuation = nil
        }
    }

    private func pause(_ duration: Duration) async {
        let pause = Pause()
        pauses[ObjectIdentifier(pause)] = pause
        await withCheckedContinuation { continuation in
            pause.continuation = continuation
            pause.timer = loop.schedule(after: duration) { pause.end() }
            if isShuttingDown { pause.end() }
        }
        pauses[ObjectIdentifier(pause)] = nil
    }

    // MARK: Shutdown

    /// Refuses new statements, waits for those in flight up to `grace`, then closes all connections; `run()` returns.
    ///
    /// What is in flight after `grace` fails with `.shutdown`, outcome unknown where it is a write.
    package func shutdown(grace: Duration = .seconds(5)) async {
        if !isShuttingDown {
            isShuttingDown = true
            beginDrain()
        }
        guard open.values.contains(where: { !$0.isEmpty }) else { return }
        let timer = loop.schedule(after: grace) { [weak self] in
            guard let self else { return }
            let error = PostgresError(.shutdown, "the client was shut down")
            for connection in Array(open.values.joined()) { connection.close(error) }
        }
        await withCheckedContinuation { continuation in
            // The closure may run a turn later, when the last connection has ended already.
            drainWaiters.append(continuation)
            settleDrain()
        }
        timer.cancel()
    }

    private func beginDrain() {
        let error = PostgresError(.shutdown, "the client was shut down")
        for role in Role.allCases {
            for request in waiting[role] ?? [] { request.finish(.failure(error)) }
            waiting[role] = []
        }
        for connection in (open[.reader] ?? []) + (open[.writer] ?? []) { connection.drain() }
        // Those on loan drain when they come back: their callers are in the middle of something.
        pool.shutdown()
        while let idle = pool.takeIdle() { idle.drain() }
        for pause in Array(pauses.values) { pause.end() }
    }

    private func settleDrain() {
        guard isShuttingDown, open.values.allSatisfy(\.isEmpty) else { return }
        let waiters = drainWaiters
        drainWaiters = []
        for waiter in waiters { waiter.resume() }
    }
}
