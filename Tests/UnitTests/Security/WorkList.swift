import Security
import Synchronization

/// What a hasher was told to do.
final class WorkList: Sendable {
    private let entries = Mutex<[PasswordHasher.Work]>([])

    var all: [PasswordHasher.Work] { entries.withLock { $0 } }

    @Sendable func add(_ work: PasswordHasher.Work) { entries.withLock { $0.append(work) } }
}
