internal import Synchronization

/// Lets what is made first call what is made after it.
final class Doorbell: Sendable {
    private let actions = Mutex<(onDemand: @Sendable () -> Void, onRoom: @Sendable () -> Void)>(({}, {}))

    func connect(onDemand: @escaping @Sendable () -> Void, onRoom: @escaping @Sendable () -> Void) {
        actions.withLock { $0 = (onDemand, onRoom) }
    }

    var onDemand: @Sendable () -> Void { { [self] in actions.withLock(\.onDemand)() } }
    var onRoom: @Sendable () -> Void { { [self] in actions.withLock(\.onRoom)() } }
}
