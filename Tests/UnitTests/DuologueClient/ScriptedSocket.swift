import JSON
import Web

/// The server's end of a socket, which can be cut in the middle of what it says.
///
/// Loop-bound.
final class ScriptedSocket: WebSocketReceiver {
    /// Whether it is told what happens.
    var isLive = false
    private let connection: WebSocketConnection
    private let script: ServerScript
    private let ended: () -> Void
    /// Bytes of frames that still pass.
    private var budget: Int

    init(_ connection: WebSocketConnection, _ script: ServerScript, budget: Int, ended: @escaping () -> Void) {
        self.connection = connection
        self.script = script
        self.budget = budget
        self.ended = ended
    }

    func begin() { connection.receive(with: self) }

    func send(_ text: String) {
        guard budget > 0 else { return }
        budget -= text.utf8.count
        if budget <= 0 {
            // Half a frame at most: the flush of what went before may still take place.
            return connection.close(.tryAgainLater)
        }
        _ = connection.sendText(Array(text.utf8))
    }

    func close(_ code: UInt16) { connection.close(WebSocketCloseCode(rawValue: code)) }
    func cut() { connection.abort() }

    func webSocket(_ connection: WebSocketConnection, didReceive message: WebSocketMessage) -> Bool {
        guard budget > 0 else { return true }
        if case .text(let bytes) = message, case .object(let frame)? = try? JSONValue(parsing: bytes) {
            script.take(frame, self)
        }
        return true
    }

    func webSocketDidClose(_ connection: WebSocketConnection) {
        script.forget(self)
        ended()
    }
}
