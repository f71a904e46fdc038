/// An input read as a recipe: numbers, text and choices, as long as there are bytes; zeros after that.
struct FuzzInput {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isEmpty: Bool { position >= bytes.count }

    mutating func byte() -> UInt8 {
        guard position < bytes.count else { return 0 }
        defer { position += 1 }
        return bytes[position]
    }

    /// A number below `limit`.
    mutating func below(_ limit: Int) -> Int { Int(byte()) % limit }

    mutating func integer<Integer: FixedWidthInteger>(_ type: Integer.Type = Integer.self) -> Integer {
        var value: Integer = 0
        for shift in stride(from: 0, to: Integer.bitWidth, by: 8) {
            value |= Integer(truncatingIfNeeded: byte()) << Integer(shift)
        }
        return value
    }

    /// At most `limit` bytes, as many as the next byte says.
    mutating func bytes(atMost limit: Int = 255) -> [UInt8] {
        let count = min(Int(byte()), limit, bytes.count - position)
        defer { position += count }
        return Array(bytes[position..<(position + count)])
    }

    /// Text; what is not UTF-8 is replaced.
    mutating func text(atMost limit: Int = 255) -> String {
        String(decoding: bytes(atMost: limit), as: UTF8.self)
    }

    /// Everything left.
    mutating func rest() -> [UInt8] {
        defer { position = bytes.count }
        return Array(bytes[min(position, bytes.count)...])
    }
}

/// Ways to cut a stream of bytes into reads; which, the bytes themselves decide, so that a finding is found again.
enum Cuts {
    /// The sizes of the reads: all at once, one byte at a time, and two random mixtures.
    static func all(of bytes: [UInt8]) -> [[Range<Int>]] {
        let whole = bytes.isEmpty ? [] : [bytes.indices]
        let single = bytes.indices.map { $0..<($0 + 1) }
        // FNV-1a: any hash would do that is the same in every process.
        var seed = bytes.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return [whole, single, random(bytes.count, longest: 7, &seed), random(bytes.count, longest: 200, &seed)]
    }

    private static func random(_ count: Int, longest: UInt64, _ seed: inout UInt64) -> [Range<Int>] {
        var cuts: [Range<Int>] = []
        var start = 0
        while start < count {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let end = min(count, start + 1 + Int((seed >> 33) % longest))
            cuts.append(start..<end)
            start = end
        }
        return cuts
    }
}
