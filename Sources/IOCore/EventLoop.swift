internal import CUV
internal import Glibc
internal import Synchronization

/// One libuv loop on a thread of its own, and at the same time a Swift executor (SE-0392, SE-0417).
///
/// Tasks preferring this loop and actors bound to it run on its thread, between polls. Work arriving from other
/// threads is handed over through one queue and one `eventfd` write per burst: libuv's own `uv_async_send` of this
/// version spins for tens of microseconds when the woken thread pre-empts the sender.
///
/// Unchecked: the C loop and all `confined` state are touched on the loop's thread only; the rest is atomic or locked.
@safe
package final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    /// The loop's name, as its thread carries it.
    package let name: String
    /// Where loop-bound code runs: an actor whose executor is this loop.
    package var actor: LoopActor { loopActor.withLock { unsafe $0.unsafelyUnwrapped } }

    let uv: UnsafeMutablePointer<uv_loop_t>
    private let wakeDescriptor: Int32
    private let wakePoll: UnsafeMutablePointer<uv_poll_t>
    private let loopActor = Mutex<LoopActor?>(nil)
    private let incoming = Mutex(Incoming())
    private let threadID = Atomic<UInt>(0)
    private var joinable: pthread_t?

    // Confined to the loop's thread.
    private var jobs = JobQueue()
    private var endOfTick: [EndOfTickWork] = []
    private var taken = Incoming()
    private var stopping = false
    private var handedToSelf = false
    /// How many system calls have written to streams of this loop.
    package internal(set) var writeCount = 0
    /// Buffers shared by all streams of the loop, so that an idle stream holds none.
    ///
    /// Two, because a delegate may write while it looks at what was read.
    let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
    let writeBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)

    /// What is to be done at the end of a tick, in the order in which it was asked for; flushes are many, so they need no
    /// closure.
    private enum EndOfTickWork {
        case body(() -> Void)
        case flush(TCPStream)
    }

    private struct Incoming {
        var jobs: [UnownedJob] = []
        var bodies: [@Sendable () -> Void] = []
        var stop = false
        var isEmpty: Bool { jobs.isEmpty && bodies.isEmpty && !stop }
    }

    /// How many jobs run before the loop looks at its descriptors again.
    private static let jobsPerTick = 4096

    /// Makes a loop; it does nothing until `start()`.
    package init(name: String) {
        self.name = name
        unsafe uv = .allocate(capacity: 1)
        guard unsafe uv_loop_init(uv) == 0 else { preconditionFailure("no descriptors left for an event loop") }
        wakeDescriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        unsafe wakePoll = .allocate(capacity: 1)
        unsafe uv_poll_init(uv, wakePoll, wakeDescriptor)
        unsafe wakePoll.pointee.data = UnsafeMutableRawPointer(bitPattern: Int(wakeDescriptor))
        unsafe uv_poll_start(wakePoll, Int32(UV_READABLE.rawValue)) { handle, _, _ in
            var count: UInt64 = 0
            unsafe _ = read(Int32(Int(bitPattern: handle.unsafelyUnwrapped.pointee.data)), &count, 8)
        }
        loopActor.withLock { $0 = LoopActor(loop: self) }
    }

    deinit {
        unsafe readBuffer.deallocate()
        unsafe writeBuffer.deallocate()
        unsafe wakePoll.deallocate()
        unsafe uv.deallocate()
    }

    // MARK: Executor

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            jobs.append(job)
        } else {
            hand { $0.jobs.append(job) }
        }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }
    package func asUnownedTaskExecutor() -> UnownedTaskExecutor { unsafe UnownedTaskExecutor(ordinary: self) }
    package func checkIsolated() { assertCurrent() }
    package func isIsolatingCurrentContext() -> Bool? { isCurrent }

    // MARK: From any thread

    /// Whether the caller is on this loop's thread.
    package var isCurrent: Bool { threadID.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Traps unless the caller is on this loop's thread.
    package func assertCurrent() { precondition(isCurrent, "loop-bound state was touched off its loop") }

    /// Runs `body` on the loop, in the order of the calls; never at once, not even on the loop itself.
    package func execute(_ body: @escaping @Sendable () -> Void) { hand { $0.bodies.append(body) } }

    /// Starts the loop's thread.
    ///
    /// To be called once.
    package func start() {
        precondition(joinable == nil, "an event loop starts once")
        var thread = pthread_t()
        let retained = unsafe Unmanaged.passRetained(self).toOpaque()
        let result = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                unsafe Unmanaged<EventLoop>.fromOpaque(argument.unsafelyUnwrapped).takeRetainedValue().run()
                return nil
            },
            retained
        )
        precondition(result == 0, "no thread for an event loop")
        joinable = thread
    }

    /// Ends the loop after the jobs already queued and waits for its thread.
    ///
    /// Not to be called on the loop.
    package func stop() {
        guard let thread = joinable else { return }
        joinable = nil
        hand { $0.stop = true }
        pthread_join(thread, nil)
    }

    private func hand(_ change: (inout Incoming) -> Void) {
        let wake = incoming.withLock { queue in
            let wasEmpty = queue.isEmpty
            change(&queue)
            return wasEmpty
        }
        guard wake else { return }
        if isCurrent {
            // The loop is awake: it only must not go to sleep before it has looked.
            handedToSelf = true
            return
        }
        var one: UInt64 = 1
        unsafe _ = write(wakeDescriptor, &one, 8)
    }

    // MARK: On the loop

    /// The monotonic time.
    package var now: ContinuousClock.Instant { .now }

    /// Runs `body` once after the jobs of this tick and before the loop polls: the place to flush what they gathered.
    package func atEndOfTick(_ body: @escaping () -> Void) {
        assertCurrent()
        endOfTick.append(.body(body))
    }

    /// Flushes a stream as `atEndOfTick` would.
    func flushAtEndOfTick(_ stream: TCPStream) { endOfTick.append(.flush(stream)) }

    /// Suspends the calling task for `duration`.
    ///
    /// On the loop only.
    package func sleep(for duration: Duration) async {
        await unsafe withUnsafeContinuation { continuation in
            schedule(after: duration) { unsafe continuation.resume() }
        }
    }

    private func run() {
        threadID.store(UInt(pthread_self()), ordering: .relaxed)
        unsafe cuv_set_thread_name(name)
        EventLoop.enter(self)
        while true {
            handedToSelf = false
            takeIncoming()
            runJobs()
            runEndOfTick()
            if stopping && jobs.isEmpty && endOfTick.isEmpty { break }
            let idle = jobs.isEmpty && endOfTick.isEmpty && !handedToSelf
            unsafe uv_run(uv, idle ? UV_RUN_ONCE : UV_RUN_NOWAIT)
        }
        closeHandles()
    }

    private func takeIncoming() {
        incoming.withLock { swap(&$0, &taken) }
        for job in taken.jobs { jobs.append(job) }
        let bodies = taken.bodies
        if taken.stop { stopping = true }
        taken.jobs.removeAll(keepingCapacity: true)
        taken.bodies.removeAll(keepingCapacity: true)
        taken.stop = false
        for body in bodies { body() }
    }

    private func runJobs() {
        let serial = unsafe asUnownedSerialExecutor()
        let task = unsafe asUnownedTaskExecutor()
        var budget = Self.jobsPerTick
        while budget > 0, let job = jobs.popFirst() {
            unsafe job.runSynchronously(isolatedTo: serial, taskExecutor: task)
            budget &-= 1
        }
    }

    private func runEndOfTick() {
        guard !endOfTick.isEmpty else { return }
        let works = endOfTick
        endOfTick.removeAll(keepingCapacity: true)
        for work in works {
            switch work {
            case .body(let body): body()
            case .flush(let stream): stream.tickDidEnd()
            }
        }
    }

    private func closeHandles() {
        unsafe uv_walk(
            uv,
            { handle, _ in
                if unsafe uv_is_closing(handle) == 0 { unsafe uv_close(handle, nil) }
            },
            nil
        )
        unsafe uv_run(uv, UV_RUN_DEFAULT)
        unsafe uv_loop_close(uv)
        close(wakeDescriptor)
    }
}
