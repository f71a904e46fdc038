internal import IOCore

/// Does what waits for stores, begun in the order it came, so much of it at a time.
///
/// Loop-bound.
final class WorkLane {
    private let loop: EventLoop
    private let width: Int
    private let queue = LoopQueue<() async -> Void>()
    private let places = LoopQueue<Void>()
    private var isCancelled = false

    /// A lane for `width` at a time.
    init(loop: EventLoop, width: Int) {
        self.loop = loop
        self.width = width
    }

    /// What waits for a place.
    var count: Int { queue.count }

    /// Adds work; after `finish()` it is still done, if `run()` has not returned, and after `cancel()` it is not.
    func add(_ work: @escaping () async -> Void) {
        if !isCancelled { queue.append(work) }
    }

    /// Lets `run()` return once what was added is done.
    func finish() { queue.finish() }

    /// Leaves undone what has not begun.
    func cancel() {
        isCancelled = true
        _ = queue.removeAll()
        queue.finish()
    }

    /// Works until `finish()`.
    func run() async {
        let (loop, bound) = (loop, LoopBound(self, loop: loop))
        await withDiscardingTaskGroup { group in
            for _ in 0..<width { places.append(()) }
            while let work = await queue.next() {
                _ = await places.next()
                let held = LoopBound(work, loop: loop)
                group.addTask(executorPreference: loop) {
                    await loop.actor.run { _ in
                        await held.value()
                        bound.value.places.append(())
                    }
                }
            }
        }
    }
}
