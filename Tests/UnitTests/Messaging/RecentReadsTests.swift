import Domain
import Testing

@testable import Messaging

@Suite struct RecentReadsTests {
    private func stamp(_ version: Int64) -> CacheStamp { CacheStamp(epoch: "e", version: version) }

    @Test func `the second read at one state is a repetition`() {
        var reads = RecentReads()
        let key = CacheKey(.messages, of: 1, part: [0, 50])
        let answers = [7, 7, 7, 8, 8, 7].map { reads.note(key, at: stamp($0)) }
        #expect(answers == [false, true, true, false, true, false])
        let other = reads.note(CacheKey(.chats, of: 1), at: stamp(7))
        #expect(!other)
    }

    @Test func `only what was read twice at this state is worth keeping`() {
        var reads = RecentReads()
        let key = CacheKey(.chats, of: 1)
        #expect(!reads.isRepeated(key, at: stamp(1)))
        _ = reads.note(key, at: stamp(1))
        #expect(!reads.isRepeated(key, at: stamp(1)))
        _ = reads.note(key, at: stamp(1))
        #expect(reads.isRepeated(key, at: stamp(1)) && !reads.isRepeated(key, at: stamp(2)))
        _ = reads.note(key, at: stamp(2))
        #expect(!reads.isRepeated(key, at: stamp(1)) && !reads.isRepeated(key, at: stamp(2)))
    }

    @Test func `what was read long ago is forgotten, however much was read`() {
        var reads = RecentReads(limit: 10)
        let key = CacheKey(.chats, of: 0)
        _ = reads.note(key, at: stamp(1))
        for number in 1..<10 { _ = reads.note(CacheKey(.chats, of: Int64(number)), at: stamp(1)) }
        let remembered = reads.note(key, at: stamp(1))
        #expect(remembered)
        for number in 1...40 { _ = reads.note(CacheKey(.chats, of: Int64(number)), at: stamp(1)) }
        let forgotten = reads.note(key, at: stamp(1))
        #expect(!forgotten)
    }
}
