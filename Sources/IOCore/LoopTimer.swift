internal import CUV

/// A one-shot timer of an event loop; alive until it fires or is cancelled.
///
/// Loop-bound.
@safe
package final class LoopTimer {
    private var handle: UnsafeMutablePointer<uv_timer_t>?
    private var body: (() -> Void)?

    fileprivate init(loop: EventLoop, after delay: Duration, body: @escaping () -> Void) {
        let timer = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
        unsafe handle = timer
        self.body = body
        unsafe uv_timer_init(loop.uv, timer)
        unsafe timer.pointee.data = Unmanaged.passRetained(self).toOpaque()
        // The loop's idea of now is as old as its last poll; a deadline must not come early by that much.
        unsafe uv_update_time(loop.uv)
        unsafe uv_timer_start(
            timer,
            { timer in
                let data = unsafe timer.unsafelyUnwrapped.pointee.data.unsafelyUnwrapped
                unsafe Unmanaged<LoopTimer>.fromOpaque(data).takeUnretainedValue().fire()
            },
            // One more, because libuv counts from the last whole millisecond.
            delay > .zero ? UInt64(delay.roundedUpMilliseconds) + 1 : 0,
            0
        )
    }

    /// Forgets the timer; its body will not run.
    ///
    /// Does nothing after it fired.
    package func cancel() {
        guard let timer = unsafe handle else { return }
        unsafe handle = nil
        body = nil
        unsafe uv_close(UnsafeMutableRawPointer(timer).assumingMemoryBound(to: uv_handle_t.self)) { closed in
            unsafe UnsafeMutableRawPointer(closed.unsafelyUnwrapped).assumingMemoryBound(to: uv_timer_t.self)
                .deallocate()
        }
        unsafe Unmanaged.passUnretained(self).release()
    }

    private func fire() {
        let body = body
        cancel()
        body?()
    }
}

extension EventLoop {
    /// Runs `body` on the loop once `delay` has passed, unless the timer is cancelled.
    ///
    /// On the loop only.
    @discardableResult
    package func schedule(after delay: Duration, _ body: @escaping () -> Void) -> LoopTimer {
        assertCurrent()
        return LoopTimer(loop: self, after: delay, body: body)
    }
}

extension Duration {
    /// Whole milliseconds, rounded up so that a timer is never early.
    var roundedUpMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }

    /// The length in seconds, for metrics and logs.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
