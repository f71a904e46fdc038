internal import CZlib

/// One decompression context of zlib, about 55 KiB: undoes raw deflate as it arrives (RFC 7692 §7.2.2).
///
/// It writes through a small buffer of its own and stops at the byte that passes the limit: a message that would
/// become a thousand times larger costs no more than one that fits.
///
/// Loop-bound.
@safe
final class Inflater {
    private let stream: UnsafeMutablePointer<z_stream>
    private let output: UnsafeMutableBufferPointer<UInt8>

    private static let outputBytes = 16 * 1024
    /// The end of the empty block that the sender left out.
    private static let tail: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]
    /// What zlib says at the end of a block, on a byte's edge: 128, with no bits left over and no last block begun.
    private static let blockBoundary: Int32 = 128

    /// A context for senders with a window of up to 2^windowBits bytes; the largest there is fits any.
    init(windowBits: Int = 15) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        unsafe output = .allocate(capacity: Self.outputBytes)
        let status = unsafe czlib_inflate_init(stream, Int32(windowBits))
        precondition(status == Z_OK, "zlib could not allocate a context")
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
        unsafe output.deallocate()
    }

    /// Forgets everything, the window included, before the next message.
    func reset() { unsafe _ = inflateReset(stream) }

    /// Appends the original of the next bytes of a message.
    ///
    /// - Throws: 1007 for what is no deflate, 1009 as soon as `message` would pass `maximumBytes`.
    func decompress(
        _ bytes: Span<UInt8>,
        into message: inout [UInt8],
        maximumBytes: Int
    ) throws(WebSocketProtocolError) {
        try unsafe bytes.withUnsafeBufferPointer { input throws(WebSocketProtocolError) in
            unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            unsafe stream.pointee.avail_in = UInt32(input.count)
            defer { unsafe stream.pointee.next_in = nil }
            while try step(into: &message, maximumBytes: maximumBytes) {}
        }
    }

    /// Appends what is left once all bytes of the message have come.
    ///
    /// - Throws: as `decompress`, and 1007 for a message that is cut off.
    func finish(into message: inout [UInt8], maximumBytes: Int) throws(WebSocketProtocolError) {
        try decompress(Self.tail.span, into: &message, maximumBytes: maximumBytes)
        guard unsafe stream.pointee.data_type == Self.blockBoundary else { throw .invalidCompression }
    }

    /// Fills the buffer once; whether there may be more to come of the input.
    private func step(into message: inout [UInt8], maximumBytes: Int) throws(WebSocketProtocolError) -> Bool {
        let room = maximumBytes - message.count
        let capacity = room < Self.outputBytes ? room + 1 : Self.outputBytes
        unsafe stream.pointee.next_out = output.baseAddress
        unsafe stream.pointee.avail_out = UInt32(capacity)
        let status = unsafe inflate(stream, Z_SYNC_FLUSH)
        let count = unsafe capacity - Int(stream.pointee.avail_out)
        guard count <= room else { throw .tooBig(limit: maximumBytes) }
        unsafe message.append(contentsOf: output[..<count])
        switch status {
        case Z_OK: break
        case Z_BUF_ERROR: return false
        // A last block ends the deflate stream, not the message (§7.2.3.4).
        case Z_STREAM_END: reset()
        default: throw .invalidCompression
        }
        if unsafe stream.pointee.avail_in > 0 { return true }
        // Asked once more at the end of a block, zlib would take back that it is there.
        return unsafe count == capacity && stream.pointee.data_type & Self.blockBoundary == 0
    }
}
