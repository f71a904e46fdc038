package import IOCore

/// Runs commands on one pipelined connection, which it keeps up.
///
/// Loop-bound; one per loop.
/// While Redis is away every call fails at once with ``RedisError/Code/unavailable``: what is behind a cache must not
/// wait for the cache. Commands of one caller run in its order. A command is never sent twice by the client itself.
package final class RedisClient {
    private let configuration: RedisConfiguration
    private let loop: EventLoop
    private let resolver: BlockingPool
    private let signal: WakeSignal
    private var connection: RedisConnection?
    private var lastFailure: RedisError?
    private var isShutDown = false
    private var scriptDigests: [RedisScript: String] = [:]

    /// How often a connection was established.
    package private(set) var connectionCount = 0

    /// Makes a client that connects when ``run()`` runs; `resolver` looks up the host's name.
    package init(configuration: RedisConfiguration, loop: EventLoop, resolver: BlockingPool) {
        self.configuration = configuration
        self.loop = loop
        self.resolver = resolver
        signal = WakeSignal(loop: loop)
    }

    // MARK: - Life

    /// Keeps a connection until ``shutdown()`` or the cancellation of the calling task; call once, on the loop.
    package func run() async {
        let box = LoopBound(self, loop: loop)
        await withTaskCancellationHandler {
            await keepConnected()
        } onCancel: {
            box.loop.execute { box.value.stop() }
        }
    }

    /// Refuses new commands, waits for those pending (at most their deadlines) and closes; ``run()`` then returns.
    package func shutdown() async {
        stop()
        await connection?.drain()
    }

    /// True while a connection is up; it may be lost the moment after.
    package var isAvailable: Bool { connection?.isOpen == true && !isShutDown }

    /// The time a PING takes now.
    package func health() async throws(RedisError) -> Duration {
        let start = loop.now
        try await send(RedisCommands.Ping())
        return loop.now - start
    }

    // MARK: - Commands

    /// Sends a command and returns its response.
    ///
    /// The deadline, the configured one unless given, bounds the wait for the reply. When it passes the connection is
    /// replaced, and all other commands pending on it fail with `connectionLost`. Cancelling the caller does not take
    /// the command back. Any ``RedisError`` is thrown; its ``RedisError/isOutcomeUnknown`` says whether a write may have
    /// happened.
    @discardableResult
    package func send<Command: RedisCommand>(
        _ command: Command,
        deadline: Duration? = nil
    ) async throws(RedisError) -> Command.Response {
        // On Redis Cluster the connection would depend on the slot of the command's keys: this is the place.
        let connection = try openConnection()
        return try await connection.execute(command, deadline: deadline ?? configuration.commandDeadline)
    }

    /// Sends a command that nobody waits for, if there is a connection and less than half of its queue is taken.
    ///
    /// False when it was not sent. True promises nothing: the reply is read and forgotten.
    package func post(_ command: some RedisCommand) -> Bool {
        guard let connection = try? openConnection() else { return false }
        return connection.post(
            command.encoded(),
            isWrite: type(of: command).isWrite,
            deadline: configuration.commandDeadline,
            waiter: { _ in }
        )
    }

    /// Runs a script by its digest, loading it where the server does not know it.
    ///
    /// A server that forgot the script (a restart, SCRIPT FLUSH) answers NOSCRIPT before running anything, so the
    /// text can follow safely.
    package func evaluate(
        _ script: RedisScript,
        keys: [String] = [],
        arguments: [[UInt8]] = []
    ) async throws(RedisError) -> RedisReply {
        let digest = try await digest(of: script)
        do throws(RedisError) {
            return try await send(RedisCommands.Evaluate(.digest(digest), keys: keys, arguments: arguments))
        } catch {
            guard error.code == .server(prefix: "NOSCRIPT") else { throw error }
            return try await send(RedisCommands.Evaluate(.source(script.source), keys: keys, arguments: arguments))
        }
    }

    // MARK: - Private

    private func openConnection() throws(RedisError) -> RedisConnection {
        guard !isShutDown else { throw RedisError(.shutdown, "the client is shut down") }
        guard let connection, connection.isOpen else {
            throw RedisError(.unavailable, lastFailure?.message ?? "not connected yet")
        }
        return connection
    }

    private func digest(of script: RedisScript) async throws(RedisError) -> String {
        if let known = scriptDigests[script] { return known }
        let digest = try await send(RedisCommands.ScriptLoad(script))
        scriptDigests[script] = digest
        return digest
    }

    private func stop() {
        isShutDown = true
        signal.raise()
    }

    private func keepConnected() async {
        var backoff = Backoff(
            initial: configuration.reconnectPause.lowerBound,
            maximum: configuration.reconnectPause.upperBound
        )
        while !isShutDown {
            do throws(RedisError) {
                let opened = try await RedisConnection.open(configuration, loop: loop, resolver: resolver)
                await serve(opened, backoff: &backoff)
            } catch {
                lastFailure = error
            }
            connection = nil
            guard !isShutDown else { break }
            signal.clear()
            await signal.wait(atMost: backoff.next())
        }
    }

    /// Returns when the connection ended or the client was stopped and its pending commands were answered.
    private func serve(_ opened: RedisConnection, backoff: inout Backoff) async {
        connection = opened
        connectionCount += 1
        opened.onClose = { [weak self] reason in
            self?.lastFailure = reason
            self?.signal.raise()
        }
        let start = loop.now
        while opened.isOpen, !isShutDown {
            await signal.wait(atMost: opened.untilSilent(for: configuration.watchdogInterval))
            await ask(opened)
        }
        // Only a connection that lasted proves that the server is well.
        if loop.now - start > configuration.reconnectPause.upperBound { backoff.reset() }
        await opened.drain()
        opened.close(RedisError(.shutdown, "the client is shut down"))
    }

    /// Asks for a sign of life where it has been silent; a missing answer closes the connection.
    private func ask(_ opened: RedisConnection) async {
        // Commands that wait have deadlines of their own.
        guard opened.isOpen, !isShutDown, opened.pendingCount == 0 else { return }
        guard loop.now - opened.lastRead >= configuration.watchdogInterval else { return }
        _ = try? await opened.execute(RedisCommands.Ping(), deadline: configuration.watchdogDeadline)
    }
}
