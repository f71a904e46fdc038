internal import Domain

/// Reads what ``Swift/Array/append(integer:)`` and its kin wrote; every method returns nil where the bytes do not reach.
struct WireReader {
    private let bytes: [UInt8]
    private var position: Int

    init(_ bytes: [UInt8], from position: Int) {
        self.bytes = bytes
        self.position = position
    }

    mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) -> Value? {
        let length = Value.bitWidth / 8
        guard bytes.count - position >= length else { return nil }
        defer { position += length }
        return bytes[position..<(position + length)].reduce(0) { $0 << 8 | Value(truncatingIfNeeded: $1) }
    }

    mutating func users() -> [UserID]? { integers()?.map(UserID.init(rawValue:)) }

    mutating func integers() -> [Int64]? {
        guard let count = integer(Int32.self), count >= 0, Int(count) * 8 <= bytes.count - position else { return nil }
        return (0..<count).compactMap { _ in integer(Int64.self) }
    }

    /// Everything that was not read.
    consuming func rest() -> [UInt8] { Array(bytes[position...]) }
}

extension [UInt8] {
    /// Appends an integer in network order.
    mutating func append(integer value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// Appends users after their count.
    mutating func append(users: [UserID]) { append(integers: users.map(\.rawValue)) }

    /// Appends integers after their count.
    mutating func append(integers: [Int64]) {
        append(integer: Int32(integers.count))
        for integer in integers { append(integer: integer) }
    }
}
