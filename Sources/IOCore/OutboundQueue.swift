/// The frames waiting to be written to one socket: a value, so that it is tested without one.
///
/// An idle queue holds no memory of its own.
struct OutboundQueue {
    /// The only frame, as nearly always: kept beside the array, which needs memory of its own.
    private var lone: Frame?
    private var frames: [Frame] = []
    private var head = 0
    /// How much of the first frame is already written.
    private var offset = 0
    private(set) var queuedBytes = 0
    var queuedFrames: Int { lone == nil ? frames.count - head : 1 }
    var isEmpty: Bool { lone == nil && frames.isEmpty }

    /// Queues a frame; false, and nothing queued, when it would pass a limit.
    mutating func append(_ frame: Frame, limits: OutboundLimits) -> Bool {
        // A frame larger than the limit passes alone: no reader could ever be fast enough for it otherwise.
        let fits = isEmpty || frame.bytes.count <= limits.bytes - queuedBytes
        guard queuedFrames < limits.frames, fits else { return false }
        guard !frame.bytes.isEmpty else { return true }
        queuedBytes += frame.bytes.count
        guard !isEmpty else {
            lone = frame
            return true
        }
        if let first = lone {
            lone = nil
            frames.append(first)
        }
        frames.append(frame)
        return true
    }

    /// The first frame, to be written alone, and where its unwritten part begins; nil when copying it together with the
    /// next ones saves a system call.
    func loneFrame(orLargerThan size: Int) -> (Frame, offset: Int)? {
        if let lone { return (lone, offset) }
        guard !isEmpty, frames[head].bytes.count - offset >= size else { return nil }
        return (frames[head], offset)
    }

    /// Copies as much as fits of several frames into `buffer` and returns the number of bytes.
    func gather(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var filled = 0
        var skip = offset
        var index = head
        while index < frames.count, filled < buffer.count {
            unsafe frames[index].bytes.withUnsafeBytes { bytes in
                let length = min(bytes.count - skip, buffer.count - filled)
                let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<(filled + length)])
                unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[skip..<(skip + length)]))
                filled += length
            }
            skip = 0
            index += 1
        }
        return filled
    }

    /// Forgets the first `count` bytes, which the socket has taken.
    mutating func consume(_ count: Int) {
        queuedBytes -= count
        offset += count
        if let lone {
            guard offset >= lone.bytes.count else { return }
            self.lone = nil
            offset = 0
            return
        }
        while head < frames.count, offset >= frames[head].bytes.count {
            offset -= frames[head].bytes.count
            head += 1
        }
        if head == frames.count {
            frames = []
            head = 0
        } else if head >= 64 {
            frames.removeFirst(head)
            head = 0
        }
    }

    mutating func removeAll() { self = OutboundQueue() }
}
