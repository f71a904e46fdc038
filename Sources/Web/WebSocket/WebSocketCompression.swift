/// permessage-deflate as a connection agreed on it (RFC 7692), and the loop's contexts to do it with.
///
/// Loop-bound. Neither end keeps its window from one message to the next.
package struct WebSocketCompression {
    let contexts: DeflateContexts
    /// The peer's window, as a power of two: 9...15.
    let windowBits: Int

    /// What the handshake agreed on, with the contexts of the connection's loop.
    package init(_ agreement: PerMessageDeflate, contexts: DeflateContexts) {
        self.contexts = contexts
        windowBits = agreement.serverWindowBits
    }

    /// A client's: no server limits what a client sends unless the client offered that it may.
    package init(client contexts: DeflateContexts) {
        self.contexts = contexts
        windowBits = DeflateContexts.largestWindowBits
    }

    /// The compressed form of a message; nil where it does not pay.
    package func compress(_ message: Span<UInt8>) -> [UInt8]? {
        contexts.compress(message, windowBits: window(for: message.count))
    }

    /// The window to compress so many bytes with.
    ///
    /// No distance is longer than the message, so a message that fits the peer's window is compressed as for all.
    func window(for count: Int) -> Int {
        count <= 1 << windowBits ? DeflateContexts.largestWindowBits : windowBits
    }
}
