import Domain
import Testing

@testable import Messaging

@Suite struct CacheEntryTests {
    private let key = CacheKey(.messages, of: 12, part: [0, 50])
    private let stamp = CacheStamp(epoch: "e", version: 1001, 951)
    private let body = Array(#"[{"seq":951}]"#.utf8)

    @Test func `a value is what was made of its key at its stamp`() {
        let value = CacheEntry.encode(body, under: key, at: stamp)
        #expect(CacheEntry.body(of: value, under: key, at: stamp) == body)
        let empty = CacheEntry.encode([], under: key, at: stamp)
        #expect(CacheEntry.body(of: empty, under: key, at: stamp) == [])
    }

    @Test func `a value of anything else is none`() {
        let value = CacheEntry.encode(body, under: key, at: stamp)
        let others: [(CacheKey, CacheStamp)] = [
            (key, CacheStamp(epoch: "e", version: 1002, 951)), (key, CacheStamp(epoch: "f", version: 1001, 951)),
            (key, CacheStamp(epoch: "e", version: 1001, 952)), (key, CacheStamp(epoch: "e", version: 1001)),
            (key, CacheStamp(epoch: "e", version: 100, 1951)),
            (CacheKey(.chats, of: 12, part: [0, 50]), stamp), (CacheKey(.messages, of: 1, part: [20, 50]), stamp),
            (CacheKey(.messages, of: 12, part: [0, 5]), stamp),
        ]
        for (key, stamp) in others { #expect(CacheEntry.body(of: value, under: key, at: stamp) == nil) }
    }

    @Test func `whatever happens to a byte, the value is none`() {
        let value = CacheEntry.encode(body, under: key, at: stamp)
        for index in value.indices {
            var spoilt = value
            spoilt[index] ^= 1
            #expect(CacheEntry.body(of: spoilt, under: key, at: stamp) == nil)
            #expect(CacheEntry.body(of: Array(value[..<index]), under: key, at: stamp) == nil)
        }
        #expect(CacheEntry.body(of: value + [0], under: key, at: stamp) == nil)
    }

    @Test func `items come back with their cursor and without`() throws {
        let member = Participant(
            user: UserID(rawValue: 1),
            username: "ada",
            role: .owner,
            joinedAt: Timestamp(milliseconds: 0)
        )
        for next in ["1.2", nil] {
            let items = EncodedItems(Page(items: [member], next: next))
            let back = try #require(EncodedItems(body: items.body))
            #expect(back.next == next && back.json == items.json)
        }
        #expect(EncodedItems(body: []) == nil)
    }
}
