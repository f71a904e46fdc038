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

    @Test func `what was kept at one version is found at no other`() async throws {
        try await onLoop { _ in
            let metrics = CacheMetrics(registry: MetricsRegistry())
            let reads = CachedReads(cache: MemoryReadCache(), metrics: metrics)
            let key = CacheKey(.messages, of: 1, part: [50])
            let before = await Self.body(of: key, at: 7, reads)
            reads.keep([1], under: key, at: CacheStamp(epoch: "e", version: 7))
            let kept = await Self.body(of: key, at: 7, reads)
            let newer = await Self.body(of: key, at: 8, reads)
            let older = await Self.body(of: key, at: 6, reads)
            let again = await Self.body(of: key, at: 7, reads)
            #expect(before == nil && kept == [1] && newer == nil && older == nil && again == [1])
        }
    }

    /// What is kept of a key; only what is read twice is looked for.
    private static func body(of key: CacheKey, at version: Int64, _ reads: CachedReads) async -> [UInt8]? {
        let stamp = CacheStamp(epoch: "e", version: version)
        _ = await reads.look(for: [key: stamp])
        return await reads.look(for: [key: stamp]).bodies[key]
    }
}
