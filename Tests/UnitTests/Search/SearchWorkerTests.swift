import Domain
import IOCore
import Messaging
import Support
import Testing
import Worker

/// How many chats the worker takes at once.
@Suite(.realTime) struct SearchWorkerTests {
    @Test func `after a failure it takes half as many chats, and after each success twice as many`() async throws {
        try await onLoop { actor in
            let loop = actor.loop
            let (made, hints, bodies) = (ScriptedSearchIndex(), SearchHints(loop: loop), MemoryBodyStore())
            for number in 1...100 as ClosedRange<Int64> {
                try await made.fill(ChatID(rawValue: number), 1, saying: "word", in: bodies)
                hints.add(ChatID(rawValue: number))
            }
            made.takeFailures = [ScriptedSearchIndex.failure, ScriptedSearchIndex.failure]
            let registry = MetricsRegistry()
            let worker = SearchWorker(
                loop: loop,
                indexer: SearchIndexer(index: made, bodies: bodies),
                index: made,
                hints: hints,
                registry: registry,
                logger: Logger(label: "test", level: .error, sink: .silent)
            )
            let (bound, index) = (LoopBound(worker, loop: loop), LoopBound(made, loop: loop))
            let shutdown = ShutdownSignal()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask(executorPreference: loop) {
                    await loop.actor.run { _ in await bound.value.run(until: shutdown) }
                }
                defer { shutdown.trigger() }
                try await eventually("all are indexed") {
                    await loop.actor.run { _ in index.value.indexed.count } == 100
                }
            }
            #expect(made.takes == [32, 16, 8, 16, 32, 32, 12])
            let metrics = registry.render()
            #expect(metrics.contains("duologue_search_failures_total 2"))
            #expect(metrics.contains("duologue_search_indexed_total 100"))
        }
    }
}
