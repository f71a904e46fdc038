import Glibc
import Synchronization

/// Holds a pool's thread until a test lets it go.
final class ShutdownGate: Sendable {
    private let entered = Atomic<Bool>(false)
    private let opened = Atomic<Bool>(false)

    func wait() {
        entered.store(true, ordering: .releasing)
        while !opened.load(ordering: .acquiring) { sched_yield() }
    }

    func waitUntilEntered() { while !entered.load(ordering: .acquiring) { sched_yield() } }
    func open() { opened.store(true, ordering: .releasing) }
}
