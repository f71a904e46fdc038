internal import CUV
internal import Glibc

/// Calls back when the process receives a signal.
///
/// Loop-bound.
@safe
package final class SignalWatcher {
    private var handle: UnsafeMutablePointer<uv_signal_t>?
    private let body: () -> Void

    /// Takes over the signal's default effect until `close()`.
    package init(_ number: Int32, loop: EventLoop, _ body: @escaping () -> Void) {
        loop.assertCurrent()
        self.body = body
        let signal = UnsafeMutablePointer<uv_signal_t>.allocate(capacity: 1)
        unsafe handle = signal
        unsafe uv_signal_init(loop.uv, signal)
        unsafe signal.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        unsafe uv_signal_start(
            signal,
            { signal, _ in
                guard let data = unsafe signal.unsafelyUnwrapped.pointee.data else { return }
                unsafe Unmanaged<SignalWatcher>.fromOpaque(data).takeUnretainedValue().body()
            },
            number
        )
    }

    deinit { close() }

    /// Gives the signal its default effect back.
    package func close() {
        guard let signal = unsafe handle else { return }
        unsafe handle = nil
        unsafe signal.pointee.data = nil
        unsafe uv_close(UnsafeMutableRawPointer(signal).assumingMemoryBound(to: uv_handle_t.self)) { closed in
            unsafe UnsafeMutableRawPointer(closed.unsafelyUnwrapped).assumingMemoryBound(to: uv_signal_t.self)
                .deallocate()
        }
    }

    /// Makes writing to a closed socket an error instead of the end of the process.
    package static func ignoreBrokenPipes() { _ = signal(SIGPIPE, SIG_IGN) }
}
