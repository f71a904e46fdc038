internal import Audit
internal import Domain
internal import Mongo

/// Walks both stores in the order of their keys and pairs what has the same key: a merge join in bounded memory.
///
/// What only one store has comes alone, chats that only MongoDB knows included.
struct PairedWindows<Source: AuditSource> {
    typealias Pair = (key: Source.Key, facts: Source.Facts?, located: Located<Source.Key, Source.Found>?)

    let source: Source
    let mongo: MongoClient
    let chats: ClosedRange<Int64>
    let limit: Int
    private var cursor: Source.Key?
    private var isAtEnd = false

    init(_ source: Source, _ mongo: MongoClient, chats: ClosedRange<Int64>, limit: Int) {
        self.source = source
        self.mongo = mongo
        self.chats = chats
        self.limit = limit
    }

    /// The next pairs; nil at the end.
    mutating func next(_ ask: Ask) async throws -> [Pair]? {
        guard !isAtEnd else { return nil }
        let selection = AuditSelection.window(after: cursor, chats: chats, limit: limit)
        let mongo = mongo
        async let reading = Source.found(selection, mongo, within: AuditMongo.deadline)
        let facts = try await source.facts(selection, ask)
        let (located, isFull) = try await reading
        // Beyond the last key of a full page the other side is not comparable yet.
        let bounds = [facts.count == limit ? facts.last?.key : nil, isFull ? located.last?.key : nil].compactMap(\.self)
        cursor = bounds.min()
        isAtEnd = cursor == nil
        return Self.pair(facts, located, upTo: cursor)
    }

    private static func pair(
        _ facts: [(key: Source.Key, facts: Source.Facts)],
        _ located: [Located<Source.Key, Source.Found>],
        upTo bound: Source.Key?
    ) -> [Pair] {
        var pairs: [Pair] = []
        pairs.reserveCapacity(max(facts.count, located.count))
        var (left, right) = (0, 0)
        while left < facts.count || right < located.count {
            let key: Source.Key
            if left == facts.count {
                key = located[right].key
            } else if right == located.count {
                key = facts[left].key
            } else {
                key = min(facts[left].key, located[right].key)
            }
            if let bound, key > bound { break }
            var pair: Pair = (key, nil, nil)
            if left < facts.count, facts[left].key == key {
                pair.facts = facts[left].facts
                left += 1
            }
            if right < located.count, located[right].key == key {
                pair.located = located[right]
                right += 1
            }
            pairs.append(pair)
        }
        return pairs
    }
}
