/// One of the 16,384 slots that a Redis Cluster parts keys and channels into.
///
/// Source: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model
struct HashSlot: Sendable, Hashable {
    static let count = 16_384

    let rawValue: Int

    init?(rawValue: Int) {
        guard (0..<Self.count).contains(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    /// The slot of a key: that of the text between its first braces, where there is some.
    init(of key: String) {
        rawValue = Self.slot(of: key.utf8)
    }

    private static func slot(of key: some Collection<UInt8>) -> Int {
        guard let open = key.firstIndex(of: UInt8(ascii: "{")) else { return checksum(of: key) % count }
        let afterOpen = key[key.index(after: open)...]
        guard let close = afterOpen.firstIndex(of: UInt8(ascii: "}")), close > afterOpen.startIndex else {
            return checksum(of: key) % count
        }
        return checksum(of: afterOpen[..<close]) % count
    }

    /// CRC-16/XMODEM: polynomial 0x1021, no reflection, initially zero.
    private static func checksum(of bytes: some Sequence<UInt8>) -> Int {
        Int(bytes.reduce(0 as UInt16) { $0 << 8 ^ table[Int($0 >> 8) ^ Int($1)] })
    }

    private static let table: [UInt16] = (0..<256).map { byte in
        (0..<8).reduce(UInt16(byte) << 8) { value, _ in value & 0x8000 != 0 ? value << 1 ^ 0x1021 : value << 1 }
    }
}
