/// How a client stands to its server.
public enum DuologueConnectionState: Sendable, Hashable {
    /// Nothing asked for a connection yet.
    case idle
    /// Being made, or catching up on what was missed.
    case connecting
    /// Caught up: what happens now is told now.
    case connected
    /// Broken; the next attempt is made after so long, for the reason given.
    case waiting(Duration, DuologueError)
    /// Broken until the program has taken enough of the events that wait for it.
    case waitingForConsumer
    /// Over, for good.
    case closed
}
