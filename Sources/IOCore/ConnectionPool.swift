/// Lends connections to one caller at a time, in the order they ask.
///
/// Loop-bound. The owner of the connections offers each one when it opens and again when it comes back; the pool neither
/// opens nor closes any. Waiters are bounded in number and in time.
package final class ConnectionPool<Connection: AnyObject> {
    private final class Waiter {
        var continuation: CheckedContinuation<Void, Never>?
        var timer: LoopTimer?
        var connection: Connection?
        var error: IOError?

        func resume() {
            timer?.cancel()
            continuation?.resume()
            continuation = nil
        }
    }

    private let loop: EventLoop
    private let waiterLimit: Int
    private var idle: [Connection] = []
    private var waiters: [Waiter] = []
    private var isShutDown = false

    /// Makes a pool without connections, for which at most `waiterLimit` callers wait.
    package init(loop: EventLoop, waiterLimit: Int) {
        self.loop = loop
        self.waiterLimit = waiterLimit
    }

    /// How many connections nobody uses.
    package var idleCount: Int { idle.count }
    /// How many callers wait.
    package var waiterCount: Int { waiters.count }

    /// Offers a connection that was opened or is no longer used, to the longest waiting caller first.
    package func offer(_ connection: Connection) {
        guard !waiters.isEmpty else {
            idle.append(connection)
            return
        }
        let waiter = waiters.removeFirst()
        waiter.connection = connection
        waiter.resume()
    }

    /// Withdraws a connection that was closed; does nothing to one on loan.
    package func withdraw(_ connection: Connection) {
        idle.removeAll { $0 === connection }
    }

    /// Takes a connection for the caller alone, who gives it back by `offer(_:)` unless it has been closed.
    ///
    /// Cancellation does not shorten the wait. The connection used last comes first, for its caches are warm.
    /// - Throws: `timeout` after `deadline`, `overloaded` when too many wait, `shutdown` after `shutdown()`.
    package func lease(deadline: Duration) async throws(IOError) -> Connection {
        loop.assertCurrent()
        guard !isShutDown else { throw IOError(.shutdown, "the connection pool is shut down") }
        if let connection = idle.popLast() { return connection }
        guard waiters.count < waiterLimit else {
            throw IOError(.overloaded, "\(waiterLimit) callers wait for a connection")
        }
        let waiter = Waiter()
        await withCheckedContinuation { continuation in
            // The closure may run a turn later than the call: look again.
            waiter.continuation = continuation
            waiter.connection = idle.popLast()
            guard waiter.connection == nil, !isShutDown else { return waiter.resume() }
            guard waiters.count < waiterLimit else {
                waiter.error = IOError(.overloaded, "\(waiterLimit) callers wait for a connection")
                return waiter.resume()
            }
            waiter.timer = loop.schedule(after: deadline) { [self] in
                waiters.removeAll { $0 === waiter }
                waiter.error = IOError(.timeout, "no connection became free in time")
                waiter.resume()
            }
            waiters.append(waiter)
        }
        guard let connection = waiter.connection else {
            throw waiter.error ?? IOError(.shutdown, "the connection pool is shut down")
        }
        return connection
    }

    /// Takes an idle connection if there is one, after `shutdown()` too: for closing them.
    package func takeIdle() -> Connection? { idle.popLast() }

    /// Refuses all who wait and all who come; connections on loan stay valid.
    package func shutdown() {
        isShutDown = true
        let refused = waiters
        waiters = []
        for waiter in refused { waiter.resume() }
    }
}
