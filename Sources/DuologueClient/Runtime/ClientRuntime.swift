internal import IOCore

/// The thread that does a client's work, and the threads that resolve names for it.
///
/// One for all clients of a process: a client is idle nearly always.
struct ClientRuntime: Sendable {
    let loop: EventLoop
    let resolver: BlockingPool

    /// Begins with the first client, and ends with the process.
    static let shared: ClientRuntime = {
        let loop = EventLoop(name: "duologue-client")
        loop.start()
        return ClientRuntime(loop: loop, resolver: BlockingPool(name: "resolver", threads: 1, queueLimit: 1_024))
    }()
}
