/// Bytes received and not yet understood; an idle one holds no large memory.
package struct InputBuffer {
    private var bytes: [UInt8] = []
    private var start = 0

    /// A buffer kept between requests is at most this large.
    private static let keptCapacity = 4096

    /// Nothing received.
    package init() {}

    /// How many bytes are unread.
    package var count: Int { bytes.count - start }
    var isEmpty: Bool { count == 0 }

    /// Shows the unread bytes to `body`.
    func withUnread<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(bytes.span.extracting(droppingFirst: start))
    }

    /// The unread byte at `index`.
    subscript(index: Int) -> UInt8 { bytes[start + index] }

    /// Adds bytes at the end.
    package mutating func append(_ more: Span<UInt8>) {
        unsafe more.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }

    /// Marks the first `count` unread bytes as read.
    mutating func consume(_ count: Int) {
        start += count
        guard start == bytes.count else {
            // Pipelined input moves to the front only when that pays: each byte moves at most once per doubling.
            if start > Self.keptCapacity, start > bytes.count / 2 { compact() }
            return
        }
        start = 0
        if bytes.capacity > Self.keptCapacity { bytes = [] } else { bytes.removeAll(keepingCapacity: true) }
    }

    /// The first `count` unread bytes, copied out and marked as read.
    mutating func take(_ count: Int) -> [UInt8] {
        defer { consume(count) }
        return Array(bytes[start..<(start + count)])
    }

    mutating func removeAll() {
        bytes = []
        start = 0
    }

    private mutating func compact() {
        bytes.removeFirst(start)
        start = 0
    }
}
