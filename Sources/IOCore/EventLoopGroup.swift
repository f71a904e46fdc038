/// A fixed set of event loops, one for each core the process may use.
package final class EventLoopGroup: Sendable {
    /// The loops, in the order of their threads' names.
    package let loops: [EventLoop]

    /// Makes `count` loops (at least one) that do nothing until `start()`.
    package init(count: Int) {
        loops = (0..<max(1, count)).map { EventLoop(name: "loop-\($0)") }
    }

    /// Starts every loop's thread.
    package func start() { for loop in loops { loop.start() } }

    /// Stops the loops one after the other and waits for their threads.
    ///
    /// Not to be called on a loop.
    package func stop() { for loop in loops { loop.stop() } }
}
