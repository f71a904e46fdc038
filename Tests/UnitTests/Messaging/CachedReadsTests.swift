import Domain
import IOCore
import Support
import Testing

@testable import Messaging

@Suite struct CachedReadsTests {
    @Test func `where the cache is off every read is bypassed`() async throws {
        try await onLoop { _ in
            let metrics = CacheMetrics(registry: MetricsRegistry())
            let reads = CachedReads(cache: nil, metrics: metrics)
            let (key, stamp) = (CacheKey(.chats, of: 1), CacheStamp(epoch: "e", version: 1))
            for _ in 0..<3 {
                let found = await reads.look(for: [key: stamp])
                reads.keep([1], under: key, at: stamp)
                reads.count(.chats, found)
            }
            let counts = metrics[.chats]
            #expect([counts.hits, counts.misses, counts.bypassed, counts.fills].map(\.value) == [0, 0, 3, 0])
        }
    }
}
