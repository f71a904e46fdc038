package import IOCore
internal import Synchronization

/// Serves HTTP/1.1 on every loop of a group, each with its own listener on the same port and its own responder.
///
/// A connection stays on the loop that accepted it. On shutdown no more are accepted, idle ones are closed, requests
/// under way are answered with `Connection: close`, and what remains after `drainTimeout` is cut off. Upgraded
/// connections are ended by whoever upgraded them, before that.
package final class HTTPServer: Service {
    /// Where and how a server listens.
    package struct Configuration: Sendable {
        /// An IP address.
        package var host: String
        /// 0 lets the kernel choose.
        package var port: Int
        package var limits: HTTPLimits
        /// What every answer says to browsers.
        package var answers: AnswerPolicy
        /// Who is believed where a request comes from.
        package var proxies: TrustedProxies
        /// How long requests under way may take after the shutdown signal.
        package var drainTimeout: Duration

        package init(
            host: String = "127.0.0.1",
            port: Int = 0,
            limits: HTTPLimits = HTTPLimits(),
            answers: AnswerPolicy = AnswerPolicy(),
            proxies: TrustedProxies = TrustedProxies(),
            drainTimeout: Duration = .seconds(10)
        ) {
            self.host = host
            self.port = port
            self.limits = limits
            self.answers = answers
            self.proxies = proxies
            self.drainTimeout = drainTimeout
        }
    }

    package let name = "http"

    private let configuration: Configuration
    private let group: EventLoopGroup
    private let logger: Logger
    private let makeResponder: @Sendable (EventLoop) throws -> any HTTPResponder
    private let listening = Mutex(Listening())

    private struct Listening {
        var port: Int?
        var loops: [LoopBound<HTTPServerLoop>] = []
    }

    /// A server that does nothing until `listen()` or `run(until:)`.
    ///
    /// `makeResponder` is called once on each loop.
    package init(
        configuration: Configuration,
        group: EventLoopGroup,
        logger: Logger,
        makeResponder: @escaping @Sendable (EventLoop) throws -> any HTTPResponder
    ) {
        self.configuration = configuration
        self.group = group
        self.logger = logger
        self.makeResponder = makeResponder
    }

    /// The port it listens on; nil before `listen()`.
    package var port: Int? { listening.withLock { $0.port } }

    /// Opens the listeners and returns the port; connections wait until `run(until:)` serves them.
    ///
    /// To be called once.
    ///
    /// - Throws: `IOError`, or what `makeResponder` throws; nothing listens then.
    @discardableResult
    package func listen() async throws -> Int {
        var loops: [LoopBound<HTTPServerLoop>] = []
        var port = configuration.port
        do {
            for loop in group.loops {
                let (bound, bindPort) = try await listen(on: loop, port: port, joining: !loops.isEmpty)
                loops.append(bound)
                port = bindPort
            }
        } catch {
            for bound in loops { await bound.loop.actor.run { _ in bound.value.abandon() } }
            throw error
        }
        listening.withLock { $0 = Listening(port: port, loops: loops) }
        return port
    }

    /// Serves until the signal is given and the drain is over.
    ///
    /// - Throws: what `listen()` throws, when that was not called before.
    package func run(until shutdown: ShutdownSignal) async throws {
        if port == nil { try await listen() }
        let loops = listening.withLock { $0.loops }
        logger.info("listening", ["host": .string(configuration.host), "port": .int(port ?? 0)])
        await withDiscardingTaskGroup { group in
            for bound in loops {
                group.addTask(executorPreference: bound.loop) {
                    await bound.loop.actor.run { actor in await bound.value.run(isolation: actor) }
                }
            }
            await shutdown.wait()
            let timeout = configuration.drainTimeout
            for bound in loops { await bound.loop.actor.run { _ in bound.value.drain(timeout: timeout) } }
        }
    }

    private func listen(
        on loop: EventLoop,
        port: Int,
        joining: Bool
    ) async throws -> (LoopBound<HTTPServerLoop>, Int) {
        try await loop.actor.run { [configuration, logger, makeResponder] _ in
            let responder = try makeResponder(loop)
            let server = HTTPServerLoop(
                eventLoop: loop,
                configuration: configuration,
                responder: responder,
                logger: logger
            )
            let port = try server.listen(host: configuration.host, port: port, joining: joining)
            return (LoopBound(server, loop: loop), port)
        }
    }
}
