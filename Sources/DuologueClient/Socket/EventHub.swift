internal import Synchronization

/// Hands events to all who iterate them.
final class EventHub: Sendable {
    private struct State {
        var buffers: [ObjectIdentifier: EventBuffer] = [:]
        var connection = DuologueConnectionState.idle
        var end: Result<Void, DuologueError>?
    }

    private let limit: Int
    /// Called on any thread when somebody begins to iterate.
    private let onDemand: @Sendable () -> Void
    /// Called on any thread when there is room after there was none.
    private let onRoom: @Sendable () -> Void
    private let state = Mutex(State())

    init(limit: Int, onDemand: @escaping @Sendable () -> Void, onRoom: @escaping @Sendable () -> Void) {
        self.limit = limit
        self.onDemand = onDemand
        self.onRoom = onRoom
    }

    var connection: DuologueConnectionState { state.withLock(\.connection) }

    /// Whether somebody has fallen as far behind as may be.
    var isFull: Bool { state.withLock { $0.buffers.values.contains(where: \.isFull) } }

    /// A buffer that gets all events from now on, the state of the connection first.
    func subscribe() -> EventBuffer {
        let buffer = EventBuffer(limit: limit, onRoom: onRoom)
        let end = state.withLock { state in
            // Under the lock, so that no event comes before it.
            buffer.append(.connection(state.connection), isPassing: false)
            state.buffers[ObjectIdentifier(buffer)] = buffer
            return state.end
        }
        if let end { buffer.finish(end) } else { onDemand() }
        return buffer
    }

    func unsubscribe(_ buffer: EventBuffer) {
        state.withLock { _ = $0.buffers.removeValue(forKey: ObjectIdentifier(buffer)) }
        if buffer.isFull { onRoom() }
    }

    func emit(_ event: DuologueEvent, isPassing: Bool = false) {
        for buffer in state.withLock({ Array($0.buffers.values) }) { buffer.append(event, isPassing: isPassing) }
    }

    func change(to connection: DuologueConnectionState) {
        let isNew = state.withLock { state in
            defer { state.connection = connection }
            return state.connection != connection
        }
        if isNew { emit(.connection(connection)) }
    }

    func finish(_ end: Result<Void, DuologueError>) {
        change(to: .closed)
        let buffers = state.withLock { state in
            state.end = end
            return Array(state.buffers.values)
        }
        for buffer in buffers { buffer.finish(end) }
    }
}
