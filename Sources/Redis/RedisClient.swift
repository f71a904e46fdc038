package import IOCore

/// Runs commands on a pipelined connection to the server, or to each master of a cluster, which it keeps up.
///
/// Loop-bound; one per loop.
/// While the server of a command's key is away the command fails at once with ``RedisError/Code/unavailable``: what is
/// behind a cache must not wait for the cache. Commands of one caller to one server run in its order. A command is sent
/// again by the client itself only where a cluster's node says that it ran nothing and who will.
package final class RedisClient {
    let configuration: RedisConfiguration
    private let loop: EventLoop
    let fleet: RedisFleet
    private var isShutDown = false
    var scriptDigests: [RedisScript: String] = [:]

    /// The most redirections that one command follows.
    static let redirectionLimit = 5
    /// With less time left a command is not sent once more: its deadline would cost the new connection.
    private static let shortestWait: Duration = .milliseconds(20)

    /// Makes a client that connects when ``run()`` runs; `resolver` looks up the hosts' names.
    package init(configuration: RedisConfiguration, loop: EventLoop, resolver: BlockingPool) {
        self.configuration = configuration
        self.loop = loop
        fleet = RedisFleet(configuration: configuration, loop: loop, resolver: resolver)
    }

    // MARK: - Life

    /// Keeps the connections until ``shutdown()`` or the cancellation of the calling task; call once, on the loop.
    package func run() async {
        let box = LoopBound(self, loop: loop)
        await withTaskCancellationHandler {
            await fleet.run()
        } onCancel: {
            box.loop.execute { box.value.stop() }
        }
    }

    /// Refuses new commands, waits for those pending (at most their deadlines) and closes; ``run()`` then returns.
    package func shutdown() async {
        let connections = fleet.links.values.compactMap(\.connection)
        stop()
        for connection in connections { await connection.drain() }
    }

    /// True while the server, or every master of a cluster, is connected; it may be lost the moment after.
    package var isAvailable: Bool { fleet.isConnected && !isShutDown }

    /// Commands that wait for their replies.
    package var pendingCount: Int { fleet.links.values.reduce(0) { $0 + ($1.connection?.pendingCount ?? 0) } }

    /// How often a connection was established.
    package var connectionCount: Int { fleet.connectionCount }

    /// The time a PING takes now, on a cluster to any of its masters.
    package func health() async throws(RedisError) -> Duration {
        let start = loop.now
        try await send(RedisCommands.Ping())
        return loop.now - start
    }

    // MARK: - Commands

    /// Sends a command and returns its response.
    ///
    /// The deadline, the configured one unless given, bounds the wait for the reply, redirections included. When it
    /// passes the connection is replaced, and all other commands pending on it fail with `connectionLost`. Cancelling the
    /// caller does not take the command back. Any ``RedisError`` is thrown; its ``RedisError/isOutcomeUnknown`` says
    /// whether a write may have happened.
    @discardableResult
    package func send<Command: RedisCommand>(
        _ command: Command,
        deadline: Duration? = nil
    ) async throws(RedisError) -> Command.Response {
        let end = loop.now + (deadline ?? configuration.commandDeadline)
        var link = try link(forKey: command.routingKey)
        var isAsking = false
        var redirections = 0
        while true {
            // A master that a failover has just made is worth the moment that connecting takes.
            if fleet.isCluster { await link.firstAttempt(atMost: end - loop.now) }
            guard !isShutDown else { throw Self.shutDown }
            let connection = try link.opened()
            do throws(RedisError) {
                return try await connection.execute(command, asking: isAsking, deadline: end - loop.now)
            } catch {
                guard let next = fleet.follow(error, from: link) else { throw error }
                redirections += 1
                guard redirections <= Self.redirectionLimit, end - loop.now > Self.shortestWait else {
                    throw RedisError(.unavailable, "not settled after \(redirections) redirections: \(error.message)")
                }
                (link, isAsking) = next
            }
        }
    }

    /// Sends a command that nobody waits for, if there is a connection and less than half of its queue is taken.
    ///
    /// False when it was not sent. True promises nothing, but that `then` is called once: with the reply, which may be an error, or
    /// with why there is none. A redirection of a cluster is learnt from and not followed.
    package func post<Command: RedisCommand>(
        _ command: Command,
        then: @escaping (Result<Command.Response, RedisError>) -> Void = { _ in }
    ) -> Bool {
        guard let link = try? link(forKey: command.routingKey), let connection = try? link.opened() else {
            return false
        }
        return connection.post(
            command.encoded(),
            isWrite: Command.isWrite,
            deadline: configuration.commandDeadline
        ) { [weak fleet] result in
            guard case .success(.error(let text)) = result else { return then(Self.response(of: command, result)) }
            let error = RedisError(serverReply: text)
            _ = fleet?.follow(error, from: link)
            then(.failure(error))
        }
    }

    /// Runs a script by its digest, loading it where the server does not know it.
    ///
    /// A server that forgot the script (a restart, SCRIPT FLUSH) or never had it answers NOSCRIPT before running
    /// anything, so the text can follow safely. On a cluster the keys must share a slot.
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

    private static func response<Command: RedisCommand>(
        of command: Command,
        _ result: Result<RedisReply, RedisError>
    ) -> Result<Command.Response, RedisError> {
        result.flatMap { reply in Result { () throws(RedisError) in try Command.decode(reply) } }
    }

    static let shutDown = RedisError(.shutdown, "the client is shut down")

    /// The link to whoever serves a key; without one, to any server.
    func link(forKey key: String?) throws(RedisError) -> RedisLink {
        guard !isShutDown else { throw Self.shutDown }
        return try fleet.link(serving: key.map(HashSlot.init(of:)))
    }

    private func digest(of script: RedisScript) async throws(RedisError) -> String {
        if let known = scriptDigests[script] { return known }
        let digest = try await send(RedisCommands.ScriptLoad(script))
        scriptDigests[script] = digest
        return digest
    }

    private func stop() {
        isShutDown = true
        fleet.stop()
    }
}
