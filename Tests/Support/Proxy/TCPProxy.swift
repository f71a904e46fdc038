internal import IOCore

/// A TCP proxy on loopback in front of a store, which a test can make slow, deaf or absent.
///
/// It has a thread of its own, so that the test's work does not delay what passes.
package final class TCPProxy: Sendable {
    /// Where clients connect.
    package let port: Int
    private let loop: EventLoop
    private let core: LoopBound<ProxyCore>

    /// Listens on a free port and connects each client to `upstreamPort`.
    ///
    /// With a marker the upstream is a Postgres server, and replies to statements that contain it can be lost.
    package init(to upstreamPort: Int, marker: String? = nil) async throws {
        let port = try FreePort.reserve()
        self.port = port
        let loop = EventLoop(name: "proxy-\(port)")
        loop.start()
        self.loop = loop
        core = try await loop.run { actor in
            LoopBound(try ProxyCore(port: port, to: upstreamPort, marker: marker, loop: actor.loop), loop: actor.loop)
        }
    }

    deinit {
        // While its loop runs: what is still open then could not be closed any more.
        loop.execute { [core] in core.value.close() }
        loop.stop()
    }

    /// Changes what happens to what passes from now on.
    ///
    /// When it is calm again, connections that lost something are cut.
    package func change(to weather: Weather) async { await loop.actor.run { _ in core.value.change(to: weather) } }

    /// Answers requests for `path` with a page of its own, and passes on all others: a web page and its server then have
    /// the same origin.
    package func serve(_ page: String, at path: String) async {
        await loop.actor.run { _ in core.value.serve(page, at: path) }
    }

    /// Cuts all connections there are.
    package func cutAll() async { await loop.actor.run { _ in core.value.cutAll() } }

    /// Lets the next `count` marked statements reach the server, swallows its answers, and cuts those connections then.
    package func loseReplies(_ count: Int) async { await loop.actor.run { _ in core.value.loseReplies(count) } }

    /// How many answers were swallowed so far.
    package var lostReplies: Int {
        get async { await loop.actor.run { _ in core.value.lostReplies } }
    }

    /// Ends it; clients find nobody at the port.
    package func close() async { await loop.actor.run { _ in core.value.close() } }
}
