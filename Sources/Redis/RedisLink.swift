internal import IOCore

/// Keeps one connection to one server up.
///
/// Loop-bound.
final class RedisLink {
    let address: RedisAddress
    /// The connection that is up; perhaps lost a moment ago.
    private(set) var connection: RedisConnection?
    /// Why there was no connection last.
    private(set) var lastFailure: RedisError?
    /// Called when a connection is up.
    var onOpen: (RedisConnection) -> Void = { _ in }
    /// Called when it is lost, before anyone else can use the link, and when none could be opened.
    var onLoss: (RedisError) -> Void = { _ in }

    private let configuration: RedisConfiguration
    private let loop: EventLoop
    private let resolver: BlockingPool
    private let signal: WakeSignal
    private var isStopped = false
    /// True until the first attempt has come to an end.
    private var isNew = true
    private var newcomers: [Int: CheckedContinuation<Void, Never>] = [:]
    private var lastNewcomer = 0

    init(_ address: RedisAddress, configuration: RedisConfiguration, loop: EventLoop, resolver: BlockingPool) {
        self.address = address
        self.configuration = configuration
        self.loop = loop
        self.resolver = resolver
        signal = WakeSignal(loop: loop)
    }

    /// True while a connection is up; it may be lost the moment after.
    var isOpen: Bool { connection?.isOpen == true }

    /// The connection, or why there is none.
    func opened() throws(RedisError) -> RedisConnection {
        guard let connection, connection.isOpen else {
            throw RedisError(.unavailable, lastFailure?.message ?? "not connected yet")
        }
        return connection
    }

    /// Returns when the first attempt to connect has come to an end, or after `limit`.
    func firstAttempt(atMost limit: Duration) async {
        guard isNew, !isStopped else { return }
        lastNewcomer += 1
        let id = lastNewcomer
        var timer: LoopTimer?
        await withCheckedContinuation { continuation in
            guard isNew, !isStopped, newcomers.count < configuration.pendingLimit else { return continuation.resume() }
            newcomers[id] = continuation
            timer = loop.schedule(after: limit) { [weak self] in self?.newcomers.removeValue(forKey: id)?.resume() }
        }
        timer?.cancel()
    }

    // MARK: - Life

    /// Connects, and connects again with backoff, until ``stop()``; then lets what is pending be answered.
    func run() async {
        var backoff = Backoff(
            initial: configuration.reconnectPause.lowerBound,
            maximum: configuration.reconnectPause.upperBound
        )
        while !isStopped {
            do throws(RedisError) {
                let opened = try await RedisConnection.open(address, configuration, loop: loop, resolver: resolver)
                await serve(opened, backoff: &backoff)
            } catch {
                lost(error)
            }
            guard !isStopped else { break }
            signal.clear()
            await signal.wait(atMost: backoff.next())
        }
        settle()
    }

    /// Ends ``run()`` once the pending commands are answered.
    func stop() {
        isStopped = true
        settle()
        signal.raise()
    }

    /// Closes the connection at once; unless stopped, the link opens another one.
    func close(_ reason: RedisError) {
        connection?.close(reason)
    }

    private func serve(_ opened: RedisConnection, backoff: inout Backoff) async {
        guard !isStopped, opened.isOpen else { return opened.close(RedisError(.shutdown, "the link is closed")) }
        connection = opened
        opened.onClose = { [weak self] reason in
            self?.lost(reason)
            self?.signal.raise()
        }
        onOpen(opened)
        settle()
        let start = loop.now
        while opened.isOpen, !isStopped {
            await signal.wait(atMost: opened.untilSilent(for: configuration.watchdogInterval))
            if opened.isOpen, !isStopped { opened.probe(after: configuration.watchdogInterval) }
        }
        // Only a connection that lasted proves that the server is well.
        if loop.now - start > configuration.reconnectPause.upperBound { backoff.reset() }
        await opened.drain()
        opened.close(RedisError(.shutdown, "the link is closed"))
    }

    private func lost(_ reason: RedisError) {
        connection = nil
        lastFailure = reason
        settle()
        onLoss(reason)
    }

    /// The first attempt has come to an end: whoever waited for it goes on.
    private func settle() {
        isNew = false
        let waiting = newcomers
        newcomers = [:]
        for continuation in waiting.values { continuation.resume() }
    }
}
