import Testing

@testable import Postgres

@Suite struct StatementCacheTests {
    private func key(_ sql: String, _ types: [PostgresType] = []) -> StatementCache.Key {
        StatementCache.Key(sql: sql, types: types)
    }

    @Test func `the statement used longest ago is evicted, and its name never comes back`() {
        var cache = StatementCache(limit: 2)
        for sql in ["a", "b"] {
            guard case .prepare(let name, nil) = cache.use(key(sql), group: 0) else {
                Issue.record("\(sql) was not to be prepared")
                return
            }
            cache.confirm(key(sql), name: name)
        }
        #expect(cache.use(key("a"), group: 1) == .named("s1"))
        #expect(cache.use(key("c"), group: 1) == .prepare("s4", evicting: "s2"))
        #expect(cache.count == 2)
    }

    @Test func `a statement whose Parse is under way is not evicted`() {
        var cache = StatementCache(limit: 1)
        _ = cache.use(key("a"), group: 0)
        #expect(cache.use(key("b"), group: 0) == .unnamed)
        #expect(cache.count == 1)
    }

    @Test func `the same text with other types is another statement`() {
        var cache = StatementCache(limit: 4)
        _ = cache.use(key("a", [.int4]), group: 0)
        #expect(cache.use(key("a", [.int8]), group: 0) == .prepare("s2", evicting: nil))
    }
}
