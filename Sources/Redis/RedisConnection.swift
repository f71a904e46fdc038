internal import IOCore

/// One authenticated connection, pipelined.
///
/// Loop-bound. Commands go out in call order, all of a tick in one write, and their replies come back in that order. The connection
/// never heals: after its first failure every waiter is resumed and a new one takes its place.
final class RedisConnection {
    /// Called once, with the reply or with why there is none.
    typealias Waiter = (Result<RedisReply, RedisError>) -> Void

    /// Called once, when the connection ends; never from within its own calls but for ``close(_:)``.
    var onClose: ((RedisError) -> Void)?
    /// When bytes last came.
    private(set) var lastRead: ContinuousClock.Instant
    /// Why the connection ended, nil while it is open.
    private(set) var closeReason: RedisError?

    private let loop: EventLoop
    private let stream: TCPStream
    private let reader: RedisReplyReader
    private var pipeline: CommandPipeline<Waiter>
    private let pendingLimit: Int
    private let outboundBytes: Int
    private let probeDeadline: Duration
    private var pushHandler: ((RedisReply) -> Void)?
    private var timer: LoopTimer?
    private var timerDue: ContinuousClock.Instant?
    private var drainWaiters: [CheckedContinuation<Void, Never>] = []

    private init(stream: TCPStream, configuration: RedisConfiguration, loop: EventLoop) {
        self.loop = loop
        self.stream = stream
        reader = RedisReplyReader(limits: configuration.replyLimits)
        pipeline = CommandPipeline(limit: configuration.pendingLimit)
        pendingLimit = configuration.pendingLimit
        outboundBytes = configuration.outboundBytes
        probeDeadline = configuration.watchdogDeadline
        lastRead = loop.now
        stream.delegate = self
        stream.startReading()
    }

    deinit {
        timer?.cancel()
        stream.close()
    }

    /// Connects, authenticates and selects the database, all before the connect deadline.
    static func open(
        _ address: RedisAddress,
        _ configuration: RedisConfiguration,
        loop: EventLoop,
        resolver: BlockingPool
    ) async throws(RedisError) -> RedisConnection {
        let end = loop.now + configuration.connectDeadline
        let stream: TCPStream
        do throws(IOError) {
            stream = try await TCPStream.connect(
                host: address.host,
                port: address.port,
                loop: loop,
                deadline: configuration.connectDeadline,
                // Commands are bounded by the pipeline; bytes bound what large values may pile up.
                limits: OutboundLimits(bytes: configuration.outboundBytes, frames: .max),
                resolver: resolver
            )
        } catch {
            throw RedisError(.unavailable, "\(error)")
        }
        let connection = RedisConnection(stream: stream, configuration: configuration, loop: loop)
        do throws(RedisError) {
            for greeting in greetings(configuration) {
                try await connection.execute(greeting, deadline: end - loop.now)
            }
        } catch {
            connection.close(error)
            throw error
        }
        return connection
    }

    // MARK: - Commands

    /// Commands that wait for their replies.
    var pendingCount: Int { pipeline.pendingCount }
    /// True until the first failure.
    var isOpen: Bool { closeReason == nil }

    /// Sends one command and waits for its reply.
    ///
    /// Cancelling the caller does not take the command back; the deadline bounds the wait.
    private func send(
        _ bytes: [UInt8],
        isWrite: Bool,
        asking: Bool,
        deadline: Duration
    ) async -> Result<RedisReply, RedisError> {
        await withCheckedContinuation { continuation in
            // Refused in here, because other jobs of the loop may run before this closure does.
            let refusal = request(bytes, isWrite: isWrite, asking: asking, deadline: deadline) {
                continuation.resume(returning: $0)
            }
            if let refusal { continuation.resume(returning: .failure(refusal)) }
        }
    }

    /// Sends one command, after ASKING if it is to be; where that is refused, says why and never calls `waiter`.
    func request(
        _ bytes: [UInt8],
        isWrite: Bool,
        asking: Bool,
        deadline: Duration,
        waiter: @escaping Waiter
    ) -> RedisError? {
        if asking {
            let refusal = queue(RedisCommands.Asking().encoded(), isWrite: false, deadline: deadline) { _ in }
            if let refusal { return refusal }
        }
        return queue(bytes, isWrite: isWrite, deadline: deadline, waiter: waiter)
    }

    /// Sends one command unless more than half of what may be pending is; `waiter` is called only if this returns true.
    func post(_ bytes: [UInt8], isWrite: Bool, deadline: Duration, waiter: @escaping Waiter) -> Bool {
        guard pipeline.pendingCount <= pendingLimit / 2, stream.queuedBytes <= outboundBytes / 2 else { return false }
        return queue(bytes, isWrite: isWrite, deadline: deadline, waiter: waiter) == nil
    }

    /// Sends one command; where that is refused, says why and never calls `waiter`.
    private func queue(
        _ bytes: [UInt8],
        isWrite: Bool,
        deadline: Duration,
        waiter: @escaping Waiter
    ) -> RedisError? {
        if let refusal = pipeline.refusal { return refusal }
        guard stream.send(Frame(bytes)) else { return RedisError(.overloaded, "too many bytes wait to be written") }
        let due = loop.now + deadline
        pipeline.append(.init(waiter: waiter, isWrite: isWrite, deadline: due))
        watchDeadline(due)
        return nil
    }

    /// Sends a command, after ASKING if it is to be, and decodes its response.
    @discardableResult
    func execute<Command: RedisCommand>(
        _ command: Command,
        asking: Bool = false,
        deadline: Duration
    ) async throws(RedisError) -> Command.Response {
        let reply = try await send(
            command.encoded(),
            isWrite: Command.isWrite,
            asking: asking,
            deadline: deadline
        ).get()
        if case .error(let text) = reply { throw RedisError(serverReply: text) }
        return try Command.decode(reply)
    }

    // MARK: - Pushes

    /// From now on every reply goes to `handler`, and nobody waits for one.
    func becomeSubscriber(_ handler: @escaping (RedisReply) -> Void) {
        precondition(pipeline.pendingCount == 0, "replies are still awaited")
        timer?.cancel()
        timer = nil
        timerDue = nil
        pushHandler = handler
    }

    /// Sends a command whose replies are pushes; false where the connection cannot take it.
    func push(_ bytes: [UInt8]) -> Bool {
        isOpen && stream.send(Frame(bytes))
    }

    // MARK: - Watching

    /// Asks for a sign of life where nothing was read for `silence`; a missing answer closes the connection.
    func probe(after silence: Duration) {
        guard isOpen, loop.now - lastRead >= silence else { return }
        let ping = RedisCommands.Ping().encoded()
        guard pushHandler != nil else {
            // Commands that wait have deadlines of their own.
            if pipeline.pendingCount == 0 { _ = queue(ping, isWrite: false, deadline: probeDeadline) { _ in } }
            return
        }
        guard timer == nil else { return }
        let asked = loop.now
        guard push(ping) else { return close(RedisError(.overloaded, "too many bytes wait to be written")) }
        timer = loop.schedule(after: probeDeadline) { [weak self] in
            guard let self else { return }
            timer = nil
            if lastRead < asked { close(RedisError(.timeout, "no sign of life")) }
        }
    }

    // MARK: - Ending

    /// How long it takes until nothing was read for `interval`; where that is so already, a whole interval.
    func untilSilent(for interval: Duration) -> Duration {
        let silence = loop.now - lastRead
        return silence < interval ? interval - silence : interval
    }

    /// Refuses new commands and returns when those pending are answered, at the latest at their deadlines.
    func drain() async {
        pipeline.drain()
        await withCheckedContinuation { waiter in
            guard isOpen, !pipeline.isDrained else { return waiter.resume() }
            drainWaiters.append(waiter)
        }
    }

    /// Ends the connection and resumes everyone who waits; later calls do nothing.
    func close(_ reason: RedisError) {
        guard closeReason == nil else { return }
        closeReason = reason
        timer?.cancel()
        timer = nil
        stream.close()
        for failure in pipeline.close(reason, now: loop.now) {
            failure.waiter(.failure(failure.error))
        }
        resumeDrainWaiters()
        let told = onClose
        onClose = nil
        pushHandler = nil
        told?(reason)
    }

    // MARK: - Private

    private static func greetings(_ configuration: RedisConfiguration) -> [RedisCommands.Greeting] {
        var greetings: [RedisCommands.Greeting] = []
        if let password = configuration.url.password {
            greetings.append(.init(["AUTH"] + (configuration.url.user.map { [$0] } ?? []) + [password]))
        }
        if configuration.url.database != 0 { greetings.append(.init(["SELECT", "\(configuration.url.database)"])) }
        greetings.append(.init(["CLIENT", "SETNAME", configuration.clientName]))
        return greetings
    }

    private func handle(_ reply: RedisReply) {
        if let pushHandler { return pushHandler(reply) }
        guard let waiter = pipeline.receive() else {
            return close(RedisError(.protocolViolation, "a reply came that nobody asked for"))
        }
        waiter(.success(reply))
        if pipeline.isDrained { resumeDrainWaiters() }
    }

    private func resumeDrainWaiters() {
        let waiters = drainWaiters
        drainWaiters = []
        for waiter in waiters { waiter.resume() }
    }

    /// One timer for all: it is set again only when it fires, not with every command.
    private func watchDeadline(_ due: ContinuousClock.Instant) {
        if let timerDue, timerDue <= due { return }
        timer?.cancel()
        timerDue = due
        timer = loop.schedule(after: due - loop.now) { [weak self] in self?.deadlineReached() }
    }

    private func deadlineReached() {
        timer = nil
        timerDue = nil
        switch pipeline.checkDeadlines(now: loop.now) {
        case .idle: break
        case .wait(let due): watchDeadline(due)
        case .expired: close(RedisError(.timeout, "no reply within the deadline"))
        }
    }
}

extension RedisConnection: TCPStreamDelegate {
    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
        lastRead = loop.now
        do throws(RedisError) {
            try reader.read(bytes) { reply in
                handle(reply)
                return isOpen
            }
        } catch {
            close(error)
        }
    }

    func stream(_ stream: TCPStream, didCloseWith error: IOError?) {
        close(RedisError(.connectionLost, error.map { "\($0)" } ?? "the server closed the connection"))
    }

    func streamDidDrain(_ stream: TCPStream) {}
}

extension RedisCommands {
    /// What a new connection says first; the answer must be OK.
    struct Greeting: RedisCommand {
        static let isWrite = false
        private let words: [String]

        init(_ words: [String]) {
            self.words = words
        }

        func encode(into encoder: inout RedisEncoder) {
            for word in words { encoder.append(word) }
        }

        static func decode(_ reply: RedisReply) throws(RedisError) {
            guard case .status("OK") = reply else { throw reply.mismatch(expected: "OK") }
        }
    }
}
