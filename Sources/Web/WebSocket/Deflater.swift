internal import CZlib

/// One compression context of zlib, about 256 KiB: raw deflate, a message at a time (RFC 7692 §7.2.1).
///
/// Every message begins with an empty window, so what one socket is sent never shows in what another gets.
///
/// Loop-bound.
@safe
final class Deflater {
    private let stream: UnsafeMutablePointer<z_stream>

    /// zlib's own default: a higher level gains nothing on messages of a few hundred bytes, a lower one hardly any time.
    private static let level: Int32 = 6
    private static let memoryLevel: Int32 = 8
    /// The empty block that ends every flush: not sent, the receiver puts it back (§7.2.1).
    private static let tailBytes = 4

    /// A context with a window of 2^windowBits bytes, 9...15: zlib has no raw deflate with a smaller one.
    init(windowBits: Int) {
        precondition((9...15).contains(windowBits), "zlib has no such window")
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let status = unsafe czlib_deflate_init(stream, Self.level, Int32(windowBits), Self.memoryLevel)
        precondition(status == Z_OK, "zlib could not allocate a context")
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// The compressed form of a whole message; nil where it would be no shorter.
    func compress(_ message: Span<UInt8>) -> [UInt8]? {
        guard message.count > 1 else { return nil }
        unsafe deflateReset(stream)
        // One byte less than the message, so that the form that does not fit is the form that is not wanted.
        let capacity = message.count - 1 + Self.tailBytes
        var fits = false
        let compressed = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
            unsafe message.withUnsafeBufferPointer { input in
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                unsafe stream.pointee.avail_in = UInt32(input.count)
                unsafe stream.pointee.next_out = output.baseAddress
                unsafe stream.pointee.avail_out = UInt32(capacity)
                let status = unsafe deflate(stream, Z_SYNC_FLUSH)
                // A full buffer may mean that zlib has more to give.
                unsafe fits = status == Z_OK && stream.pointee.avail_in == 0 && stream.pointee.avail_out > 0
                unsafe count = capacity - Int(stream.pointee.avail_out) - (fits ? Self.tailBytes : 0)
            }
        }
        return fits ? compressed : nil
    }
}
