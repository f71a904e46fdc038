internal import CUV
internal import Glibc
internal import Synchronization

/// Threads for C calls that block, behind a bounded queue, so that no loop ever waits in one.
///
/// Unchecked: the condition variable and its mutex are C objects; the queue is touched under that mutex only.
@safe
package final class BlockingPool: @unchecked Sendable {
    private let name: String
    private let queueLimit: Int
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var queue: [@Sendable () -> Void] = []
    private var head = 0
    private var stopped = false
    private var threads: [pthread_t] = []

    /// Starts `threads` threads; at most `queueLimit` jobs wait for one.
    package init(name: String, threads count: Int, queueLimit: Int) {
        self.name = name
        self.queueLimit = queueLimit
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(condition, nil)
        for _ in 0..<count { startThread() }
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Runs `work` on a thread of the pool; the caller resumes on its own executor.
    ///
    /// Cancellation does not interrupt `work`.
    /// - Throws: `overloaded` when the queue is full and `shutdown` after `shutdown()`, both before anything ran;
    ///   otherwise what `work` throws.
    package func run<Success: Sendable>(_ work: @escaping @Sendable () throws -> Success) async throws -> Success {
        try await unsafe withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Success, any Error>) in
            let refusal = submit { unsafe continuation.resume(with: Result { try work() }) }
            if let refusal { unsafe continuation.resume(throwing: refusal) }
        }
    }

    /// Queues `work` without anybody waiting for it; the refusal, if it was not queued.
    package func submit(_ work: @escaping @Sendable () -> Void) -> IOError? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        guard !stopped else { return IOError(.shutdown, "the \(name) pool is shut down") }
        guard queue.count - head < queueLimit else { return IOError(.overloaded, "the \(name) pool's queue is full") }
        queue.append(work)
        unsafe pthread_cond_signal(condition)
        return nil
    }

    /// Refuses new jobs, runs those already queued and waits for the threads to end.
    ///
    /// Not to be called on a loop.
    package func shutdown() {
        unsafe pthread_mutex_lock(mutex)
        stopped = true
        let ending = threads
        threads = []
        unsafe pthread_cond_broadcast(condition)
        unsafe pthread_mutex_unlock(mutex)
        for thread in ending { pthread_join(thread, nil) }
    }

    private func startThread() {
        var thread = pthread_t()
        let retained = unsafe Unmanaged.passRetained(self).toOpaque()
        let result = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                unsafe Unmanaged<BlockingPool>.fromOpaque(argument.unsafelyUnwrapped).takeRetainedValue().serve()
                return nil
            },
            retained
        )
        precondition(result == 0, "no thread for the \(name) pool")
        threads.append(thread)
    }

    private func serve() {
        unsafe cuv_set_thread_name(name)
        while let work = next() { work() }
    }

    private func next() -> (@Sendable () -> Void)? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while head == queue.count {
            if stopped { return nil }
            unsafe pthread_cond_wait(condition, mutex)
        }
        let work = queue[head]
        head += 1
        if head == queue.count {
            queue.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 1024 {
            queue.removeFirst(head)
            head = 0
        }
        return work
    }
}
