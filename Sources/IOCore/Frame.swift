/// Encoded bytes that never change and are shared by every socket they go to.
package struct Frame: Sendable {
    /// The bytes, with a reference count instead of a copy for each holder.
    package let bytes: [UInt8]

    /// Wraps bytes that are ready for the wire.
    package init(_ bytes: [UInt8]) { self.bytes = bytes }
}

/// How much may wait to be written to one socket.
package struct OutboundLimits: Sendable {
    /// Bytes queued at most.
    package var bytes: Int
    /// Frames queued at most.
    package var frames: Int

    /// Limits the queue; the defaults are those of a slow consumer: 256 KiB or 1,000 frames.
    package init(bytes: Int = 256 * 1024, frames: Int = 1_000) {
        self.bytes = bytes
        self.frames = frames
    }

    /// For the clients of stores and for tests, whose own queues are bounded already.
    package static let unlimited = OutboundLimits(bytes: .max, frames: .max)
}
