internal import IOCore

/// One connection, the shell that performs what a pipeline machine decides.
///
/// Loop-bound.
///
/// It ends once, by `close(_:)` or by losing the server, and then every statement has been settled.
final class PostgresConnection {
    private var machine: PipelineMachine<PostgresRequest, LibpqResult>
    private var handle: LibpqConnection?
    private var watcher: DescriptorWatcher?
    private let loop: EventLoop
    private let answerLimitBytes: Int
    private var isDraining = false
    private var closeWaiter: CheckedContinuation<Void, Never>?
    /// Takes a read that was lost without an answer.
    var onGiveBack: (PostgresRequest) -> Void = { $0.finish(.failure(PostgresError(.unavailable, "no connection"))) }
    private(set) var closeReason: PostgresError?

    /// Takes a connection over.
    init(adopting handle: LibpqConnection, loop: EventLoop, configuration: PostgresConfiguration) throws(PostgresError)
    {
        self.machine = PipelineMachine(
            limit: configuration.inFlightLimit,
            statementLimit: configuration.statementLimit
        )
        self.handle = handle
        self.loop = loop
        self.answerLimitBytes = configuration.answerLimitBytes
        do throws(IOError) {
            watcher = try DescriptorWatcher(descriptor: handle.descriptor, loop: loop) { [unowned self] readiness in
                ready(readiness)
            }
        } catch {
            throw PostgresError(.unavailable, error.message)
        }
        watcher?.watch(.readable)
    }

    var isOpen: Bool { handle != nil && !isDraining }
    var inFlight: Int { machine.inFlight }
    /// Fit for the next caller: nothing under way, no transaction left open.
    var isClean: Bool { isOpen && machine.inFlight == 0 && (handle?.isIdle ?? false) }

    // MARK: Sending

    /// Sends a statement, whose request is finished in any case.
    func submit(_ request: PostgresRequest) {
        guard isOpen else {
            request.finish(.failure(closeReason ?? PostgresError(.unavailable, "the connection is closed")))
            return
        }
        do throws(PostgresError) {
            perform(
                try machine.submit(request, key: request.key, policy: request.policy, isRepeat: request.isRepeat)
            )
        } catch {
            request.finish(.failure(error))
        }
    }

    private func perform(_ actions: [PipelineMachine<PostgresRequest, LibpqResult>.Action]) {
        for action in actions {
            switch action {
            case .answer(let request, let result): answer(request, result)
            case .giveBack(let request):
                guard !request.isFinished else { continue }
                request.isRepeat = true
                onGiveBack(request)
            case .syncAtEndOfTick:
                loop.atEndOfTick { [weak self] in
                    guard let self, handle != nil else { return }
                    perform(machine.endOfTick())
                }
            case .fail(let error): close(error)
            case .prepare, .execute, .deallocate, .sync, .runScript:
                // Closing settles what the remaining actions would have sent; answers among them must still be given.
                guard let handle, !send(action, on: handle) else { continue }
                close(handle.lossError)
            }
        }
    }

    private func send(
        _ action: PipelineMachine<PostgresRequest, LibpqResult>.Action,
        on handle: LibpqConnection
    ) -> Bool {
        switch action {
        case .prepare(let name, let request):
            handle.sendPrepare(name: name, sql: request.query.sql, types: request.query.binds.types)
        case .execute(let name?, let request):
            handle.sendExecute(name: name, binds: request.query.binds)
        case .execute(nil, let request):
            handle.sendExecute(sql: request.query.sql, binds: request.query.binds)
        case .deallocate(let name):
            // The name is of our making, and DEALLOCATE takes no parameters.
            handle.sendExecute(sql: "DEALLOCATE \(name)", binds: PostgresBinds())
        case .sync:
            handle.sendSync() && flush(handle)
        case .runScript(let request):
            handle.exitPipelineMode() && handle.sendScript(request.query.sql) && flush(handle)
        case .answer, .giveBack, .fail, .syncAtEndOfTick:
            true
        }
    }

    private func flush(_ handle: LibpqConnection) -> Bool {
        switch handle.flush() {
        case .complete: watcher?.watch(.readable)
        case .blocked: watcher?.watch([.readable, .writable])
        case .lost: return false
        }
        return true
    }

    private func answer(_ request: PostgresRequest, _ result: PostgresRequest.Outcome) {
        if request.policy == .script, let handle, !handle.enterPipelineMode() { close(handle.lossError) }
        if case .success(let rows) = result, rows.memoryBytes > answerLimitBytes {
            let error = PostgresError(.server(sqlstate: "54000"), "the answer exceeds \(answerLimitBytes) bytes")
            request.finish(.failure(error.withUnknownOutcome(!request.isRead)))
        } else {
            request.finish(result)
        }
    }

    // MARK: Receiving

    private func ready(_ readiness: Readiness) {
        guard let handle else { return }
        if readiness.contains(.writable), !flush(handle) { return close(handle.lossError) }
        if readiness.contains(.readable) { receive(handle) }
    }

    private func receive(_ handle: LibpqConnection) {
        guard handle.consumeInput() else { return close(handle.lossError) }
        var emptyTurns = 0
        // libpq gives one nil after each command; more in a row mean that it waits for the server.
        while machine.expectsResults, emptyTurns < 3, !handle.isBusy {
            if let result = handle.nextResult() {
                emptyTurns = 0
                perform(machine.received(event(for: result)))
            } else {
                emptyTurns += 1
                perform(machine.received(.end))
            }
            guard self.handle != nil else { return }
        }
        if handle.isBroken { return close(handle.lossError) }
        if isDraining, machine.inFlight == 0 { close(PostgresError(.shutdown, "the client was shut down")) }
    }

    private func event(for result: LibpqResult) -> PipelineMachine<PostgresRequest, LibpqResult>.Event {
        switch result.status {
        case .success: .answer(result)
        case .failure: .failure(result.error)
        case .aborted: .aborted
        case .synced: .synced
        }
    }

    // MARK: Ending

    /// Gives up on statements whose deadline has passed.
    ///
    /// The server may be hanging, so the connection ends with them.
    func expire(at now: ContinuousClock.Instant) {
        var hasExpired = false
        machine.forEachRequest { request in
            guard request.expiry <= now else { return }
            let timeout = PostgresError(.timeout, "no answer within the deadline", isOutcomeUnknown: !request.isRead)
            request.finish(.failure(timeout))
            hasExpired = true
        }
        if hasExpired { close(PostgresError(.unavailable, "the connection was closed after a timeout")) }
    }

    /// Takes no more statements and closes after the last answer.
    func drain() {
        isDraining = true
        if machine.inFlight == 0 { close(PostgresError(.shutdown, "the client was shut down")) }
    }

    /// Ends the connection now; settles all that is in flight.
    ///
    /// Does nothing the second time.
    func close(_ error: PostgresError) {
        guard handle != nil else { return }
        closeReason = error
        // libpq closes the descriptor with its handle, after which it may be somebody else's.
        watcher?.close()
        watcher = nil
        handle = nil
        perform(machine.connectionLost(error))
        closeWaiter?.resume()
        closeWaiter = nil
    }

    /// Returns when the connection has ended.
    func waitUntilClosed() async {
        await withCheckedContinuation { continuation in
            // Looked at here, since the closure may run a turn later than the call.
            if handle == nil { continuation.resume() } else { closeWaiter = continuation }
        }
    }
}
