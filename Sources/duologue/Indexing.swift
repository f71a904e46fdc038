internal import Domain
internal import IOCore
internal import Messaging
internal import Storage
internal import Worker

/// What keeps the search index up, on workers.
struct Indexing: Sendable {
    private let hints: LoopBound<SearchHints>
    private let worker: LoopBound<SearchWorker>

    static func make(_ shared: SharedParts, on node: LoopBound<ServerLoop>) async -> Indexing {
        let loop = node.loop
        return await loop.actor.run { _ in
            let stores = node.value.stores
            let hints = SearchHints(loop: loop)
            let worker = SearchWorker(
                loop: loop,
                indexer: SearchIndexer(index: stores.searchIndex, bodies: stores.bodies),
                index: stores.searchIndex,
                hints: hints,
                registry: shared.registry,
                logger: shared.logger.labelled("search")
            )
            return Indexing(hints: LoopBound(hints, loop: loop), worker: LoopBound(worker, loop: loop))
        }
    }

    /// What is to be told of all announcements.
    func sink() async -> LoopBound<any AnnouncementSink> {
        await hints.loop.actor.run { [hints] _ in LoopBound(hints.value, loop: hints.loop) }
    }

    func service() -> any Service {
        LoopService("search index", on: [worker.loop]) { [worker] _, shutdown in
            await worker.value.run(until: shutdown)
        }
    }
}
