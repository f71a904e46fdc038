/// A generator whose seed decides everything it gives: Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Equal seeds give equal numbers, in any process.
    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A generator for one part of the work, whose numbers do not depend on how many this one has given elsewhere.
    package func branch(_ number: UInt64) -> SplitMix64 {
        var root = SplitMix64(seed: state ^ (number &* 0xD1B5_4A32_D192_ED03))
        return SplitMix64(seed: root.next())
    }

    /// A number from zero up to a bound, without the bound; cheap, and with the bias of a remainder.
    package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// A duration in a range, in whole milliseconds.
    package mutating func milliseconds(_ range: ClosedRange<Int>) -> Duration {
        .milliseconds(Int.random(in: range, using: &self))
    }

    /// One of the elements, of which there must be some.
    package mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &self)]
    }

    /// True with a probability in percent.
    package mutating func chance(percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}
