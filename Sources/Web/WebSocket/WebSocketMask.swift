/// The XOR mask of a client's frame (RFC 6455 §5.3), turned to where the next payload byte is.
///
/// The mask of an unmasked frame is zero and costs nothing.
struct WebSocketMask: Equatable, Sendable {
    /// Lowest byte first: the byte for the next position is the lowest.
    private var key: UInt32

    static let none = WebSocketMask(key: 0)

    /// A mask from the four key bytes read as a little-endian number.
    init(key: UInt32) { self.key = key }

    /// Moves on by `count` payload bytes.
    mutating func advance(by count: Int) {
        let shift = UInt32(truncatingIfNeeded: count & 3) * 8
        if shift != 0 { key = key >> shift | key << (32 - shift) }
    }

    /// Masks or unmasks everything from `start` on, eight bytes at a time.
    ///
    /// Does not advance.
    func apply(to bytes: inout [UInt8], from start: Int) {
        guard key != 0 else { return }
        let wide = (UInt64(key) << 32 | UInt64(key)).littleEndian
        unsafe bytes.withUnsafeMutableBytes { buffer in
            var index = start
            while index &+ 8 <= buffer.count {
                let word = unsafe buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ wide
                unsafe buffer.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
                index &+= 8
            }
            var rest = WebSocketMask(key: key)
            while index < buffer.count {
                unsafe buffer[index] ^= UInt8(truncatingIfNeeded: rest.key)
                rest.advance(by: 1)
                index &+= 1
            }
        }
    }
}
