package import Domain
package import IOCore
package import Messaging

/// Keeps the search index up to what is announced, a moment behind it and out of its way.
///
/// Loop-bound.
///
/// Announcements say which chats have something new; a sweep over all chats, a slice a second, finds what no announcement told. Workers of
/// other nodes do the same: a lease keeps two from one chat, and doing it twice does no harm.
package final class SearchWorker {
    private let loop: EventLoop
    private let indexer: SearchIndexer
    private let index: any SearchIndex
    private let hints: SearchHints
    private let logger: Logger
    private let indexed: Counter
    private let failures: Counter
    private let lag: Histogram
    private let backlog: Gauge
    private let stuck: Gauge
    private var lastSwept: ChatID?
    private var behind = 0
    /// Chats of the next step: fewer after a failure, so that one that always fails is soon by itself.
    private var stepLimit = SearchIndexer.chatLimit
    /// Chats whose bodies were missing for long, since the sweep began.
    private var waiting: Set<ChatID> = []

    /// Between two steps: what is said meanwhile is indexed together.
    private static let pause = Duration.milliseconds(100)
    /// The same while there is a backlog, which must not take the machine from those who send.
    private static let backlogPause = Duration.milliseconds(20)
    /// The same after a failure: what failed is tried again.
    private static let failurePause = Duration.seconds(1)
    private static let sweepInterval = Duration.seconds(1)
    private static let sliceLimit = 2_000

    /// Makes a worker over stores of the same loop.
    package init(
        loop: EventLoop,
        indexer: SearchIndexer,
        index: any SearchIndex,
        hints: SearchHints,
        registry: MetricsRegistry,
        logger: Logger
    ) {
        self.loop = loop
        self.indexer = indexer
        self.index = index
        self.hints = hints
        self.logger = logger
        indexed = registry.counter("duologue_search_indexed_total", help: "Messages put into the search index.")
        failures = registry.counter("duologue_search_failures_total", help: "Steps of indexing that failed.")
        lag = registry.histogram("duologue_search_lag_seconds", help: "From an event to its place in the search index.")
        backlog = registry.gauge("duologue_search_backlog_events", help: "Events not indexed yet, of all chats.")
        stuck = registry.gauge(
            "duologue_search_stuck_chats",
            help: "Chats that are indexed no further, because a body is missing for more than a minute."
        )
    }

    /// Works until `shutdown` is given; a step under way is finished.
    package func run(until shutdown: ShutdownSignal) async {
        var nextSweep = loop.now
        while !shutdown.isTriggered {
            if loop.now >= nextSweep {
                await sweep()
                nextSweep = loop.now + Self.sweepInterval
            }
            await hints.wait(atMost: Self.sweepInterval)
            let chats = hints.take(stepLimit)
            guard !chats.isEmpty, !shutdown.isTriggered else { continue }
            await loop.sleep(for: await step(chats))
        }
    }

    /// Answers how long to wait before the next.
    private func step(_ chats: [ChatID]) async -> Duration {
        do {
            let progress = try await indexer.step(chats)
            indexed.increment(by: progress.messages)
            if progress.messages > 0 { lag.observe(progress.age.seconds) }
            waiting.formUnion(progress.stuck)
            stepLimit = min(stepLimit * 2, SearchIndexer.chatLimit)
            for chat in progress.more { hints.add(chat) }
            return progress.more.isEmpty ? Self.pause : Self.backlogPause
        } catch {
            failures.increment()
            logger.warning("messages not indexed", ["error": .string("\(error)")])
            stepLimit = max(stepLimit / 2, 1)
            for chat in chats { hints.add(chat) }
            return Self.failurePause
        }
    }

    /// Looks at some more chats, while there is room for what it finds.
    private func sweep() async {
        guard hints.hasRoom else { return }
        do {
            let slice = try await index.slice(after: lastSwept, limit: Self.sliceLimit)
            lastSwept = slice.last
            behind += slice.events
            for chat in slice.behind { hints.add(chat) }
            guard slice.last == nil else { return }
            backlog.set(behind)
            stuck.set(waiting.count)
            behind = 0
            waiting = []
        } catch {
            failures.increment()
            logger.warning("chats not looked at for what is not indexed", ["error": .string("\(error)")])
        }
    }
}
