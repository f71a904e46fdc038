/// A consumer of a connection's messages that is called instead of waiting in a task.
package protocol WebSocketReceiver: AnyObject {
    /// The next message, in order.
    ///
    /// Returns whether the receiver can take another; after a false messages wait, up to the inbox and then in the
    /// peer, until `receive(with:)` is called again. It may send on and close the connection.
    func webSocket(_ connection: WebSocketConnection, didReceive message: WebSocketMessage) -> Bool

    /// The TCP connection is closed and all its messages are taken; comes exactly once, `closeStatus` says why.
    func webSocketDidClose(_ connection: WebSocketConnection)
}
