internal import Domain

/// Somebody who asks for one thing after the other, each until it is answered, on whichever node there is.
struct SimulatedClient {
    let user: UserID
    /// Operations it has not begun.
    var left: Int
    var current: Operation?
    /// The operation's number, which makes its id.
    var begun: UInt64 = 0
    /// Tells late answers and timeouts from those of now.
    var attempt = 0
    /// How often the current operation was sent, to whichever node.
    var sent = 0

    var isDone: Bool { left == 0 && current == nil }
}
