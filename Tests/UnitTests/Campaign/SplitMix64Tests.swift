import Support
import Testing

struct SplitMix64Tests {
    @Test func `the numbers are those of the reference implementation`() {
        var random = SplitMix64(seed: 1_234_567)
        let expected: [UInt64] = [
            6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
        ]
        #expect(expected.map { _ in random.next() } == expected)
    }

    @Test func `a branch does not depend on what was drawn elsewhere`() {
        let root = SplitMix64(seed: 5)
        var first = root.branch(1)
        var again = root.branch(1)
        var other = root.branch(2)
        let number = first.next()
        #expect(number == again.next())
        #expect(number != other.next())
    }
}
