internal import CUV

/// What a descriptor can do without blocking, or what one waits for.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// There is something to read, or the peer has closed, or an error waits to be read.
    package static let readable = Readiness(rawValue: 1)
    /// There is room to write.
    package static let writable = Readiness(rawValue: 2)
}

/// Tells when a descriptor that belongs to somebody else becomes ready.
///
/// Loop-bound.
///
/// It does not own the descriptor, and must be closed before the descriptor is.
@safe
package final class DescriptorWatcher {
    private var handle: UnsafeMutablePointer<uv_poll_t>?
    private var interest: Readiness = []
    private let onReady: (Readiness) -> Void

    /// Watches nothing until `watch(_:)`.
    ///
    /// - Throws: `system` when libuv cannot poll the descriptor.
    package init(descriptor: Int32, loop: EventLoop, onReady: @escaping (Readiness) -> Void) throws(IOError) {
        loop.assertCurrent()
        self.onReady = onReady
        let poll = UnsafeMutablePointer<uv_poll_t>.allocate(capacity: 1)
        let result = unsafe uv_poll_init(loop.uv, poll, descriptor)
        guard result == 0 else {
            unsafe poll.deallocate()
            unsafe handle = nil
            throw .uv("poll", result)
        }
        unsafe handle = poll
        unsafe poll.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit { close() }

    /// Replaces what is waited for; an empty set stops.
    package func watch(_ wanted: Readiness) {
        guard let poll = unsafe handle, wanted != interest else { return }
        interest = wanted
        guard !wanted.isEmpty else {
            unsafe uv_poll_stop(poll)
            return
        }
        start()
    }

    private func start() {
        guard let poll = unsafe handle, !interest.isEmpty else { return }
        unsafe uv_poll_start(poll, Int32(interest.rawValue)) { poll, status, events in
            guard let data = unsafe poll.unsafelyUnwrapped.pointee.data else { return }
            unsafe Unmanaged<DescriptorWatcher>.fromOpaque(data).takeUnretainedValue().ready(status, events)
        }
    }

    private func ready(_ status: Int32, _ events: Int32) {
        guard status < 0 else { return onReady(Readiness(rawValue: UInt8(events & 3))) }
        // libuv stops polling at an error, but what arrived before the error is still to be read, and the error after it.
        start()
        // An error is reported as readiness for all that was asked: the next read or write tells what it is.
        onReady(interest)
    }

    /// Stops for good.
    ///
    /// The descriptor may be closed right after.
    package func close() {
        guard let poll = unsafe handle else { return }
        unsafe handle = nil
        unsafe poll.pointee.data = nil
        unsafe uv_close(UnsafeMutableRawPointer(poll).assumingMemoryBound(to: uv_handle_t.self)) { closed in
            unsafe UnsafeMutableRawPointer(closed.unsafelyUnwrapped).assumingMemoryBound(to: uv_poll_t.self)
                .deallocate()
        }
    }
}
