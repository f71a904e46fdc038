internal import Glibc

extension EventLoop {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        precondition(unsafe pthread_key_create(&key, nil) == 0, "no thread-specific storage left")
        return key
    }()

    /// The loop whose thread the caller is on, if any.
    package static var current: EventLoop? {
        guard let pointer = unsafe pthread_getspecific(key) else { return nil }
        return unsafe Unmanaged<EventLoop>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Marks the calling thread as the loop's; the loop outlives its thread.
    static func enter(_ loop: EventLoop) {
        unsafe pthread_setspecific(key, Unmanaged.passUnretained(loop).toOpaque())
    }
}
