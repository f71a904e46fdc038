package import IOCore

/// The thread that does a client's work, and the threads that resolve names for it.
///
/// One for all clients of a process, unless a program of this package brings its own: a client is idle nearly always.
package struct ClientRuntime: Sendable {
    package let loop: EventLoop
    package let resolver: BlockingPool

    /// Work goes to a loop that is running.
    package init(loop: EventLoop, resolver: BlockingPool) {
        self.loop = loop
        self.resolver = resolver
    }

    /// Begins with the first client, and ends with the process.
    static let shared: ClientRuntime = {
        let loop = EventLoop(name: "duologue-client")
        loop.start()
        return ClientRuntime(loop: loop, resolver: BlockingPool(name: "resolver", threads: 1, queueLimit: 1_024))
    }()
}
