package import Domain
internal import Testing

/// One promise of the cache and how it is tried, on the twin and on Redis.
///
/// Fills are not waited for, so a look that follows one asks until it is there.
package struct ReadCacheScenario: Sendable, CustomTestStringConvertible {
    /// The promise, as a sentence.
    package let name: String
    /// Tries it on a cache that is up; `pass` lets a moment go by.
    package let run: @Sendable (any ReadCache, _ pass: () async -> Void) async throws -> Void

    package var testDescription: String { name }

    /// All promises.
    package static let all: [ReadCacheScenario] = [
        ReadCacheScenario(name: "a value is found under its key, and no other") { cache, pass in
            let chat = Int64.random(in: 1...1 << 52)
            let key = CacheKey(.messages, of: chat, part: [0, 50])
            #expect(cache.keep([1, 0, 255], under: key))
            let found = await look(cache, key, pass) { $0 == [1, 0, 255] }
            #expect(found == [1, 0, 255])
            let others = [
                CacheKey(.chats, of: chat, part: [0, 50]), CacheKey(.messages, of: chat, part: [0]),
                CacheKey(.messages, of: chat, part: [0, 5]), CacheKey(.messages, of: chat + 1, part: [0, 50]),
            ]
            // Nil where it answers too late.
            var none: [CacheKey: [UInt8]]?
            for _ in 0..<10_000 where none == nil {
                await pass()
                none = await cache.values(under: others)
            }
            #expect(none == [:])
        },
        ReadCacheScenario(name: "what was kept last counts") { cache, pass in
            let key = CacheKey(.chats, of: .random(in: 1...1 << 52))
            for number in UInt8(1)...20 { cache.keep([number], under: key) }
            let last = await look(cache, key, pass) { $0 == [20] }
            #expect(last == [20])
        },
        ReadCacheScenario(name: "many keys are looked for at once") { cache, pass in
            let first = Int64.random(in: 1...1 << 52)
            let keys = (0..<100).map { CacheKey(.chats, of: first + $0) }
            for (number, key) in keys.enumerated() where number % 2 == 0 { cache.keep([UInt8(number)], under: key) }
            _ = await look(cache, keys[98], pass) { $0 == [98] }
            // The first of a bucket may come after the last of another.
            var found: [CacheKey: [UInt8]] = [:]
            for _ in 0..<10_000 where found.count < 50 {
                await pass()
                found = await cache.values(under: keys) ?? [:]
            }
            #expect(found.count == 50)
            for (number, key) in keys.enumerated() { #expect(found[key] == (number % 2 == 0 ? [UInt8(number)] : nil)) }
        },
        ReadCacheScenario(name: "a value above the limit is not kept, the largest is") { cache, pass in
            let key = CacheKey(.messages, of: .random(in: 1...1 << 52), part: [1, 1])
            let largest = [UInt8](repeating: 7, count: 256 * 1024)
            #expect(!cache.keep(largest + [7], under: key))
            #expect(cache.keep(largest, under: key))
            let found = await look(cache, key, pass) { $0 != nil }
            #expect(found == largest)
        },
    ]

    /// Looks until the value is as expected, or long enough.
    private static func look(
        _ cache: any ReadCache,
        _ key: CacheKey,
        _ pass: () async -> Void,
        until isThere: ([UInt8]?) -> Bool
    ) async -> [UInt8]? {
        var value: [UInt8]?
        for _ in 0..<10_000 {
            value = await cache.values(under: [key])?[key]
            if isThere(value) { break }
            await pass()
        }
        return value
    }
}
