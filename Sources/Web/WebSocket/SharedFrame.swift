package import IOCore

/// A message of a server, encoded once for all the sockets it goes to.
///
/// Loop-bound.
///
/// The compressed form is made for the first socket that agreed on compression and kept for the others; there is one
/// form more for each smaller window that a message does not fit.
package final class SharedFrame {
    /// The frame as sockets without compression get it.
    package let plain: Frame

    private let opcode: WebSocketOpcode
    private let payloadBytes: Int
    private var forms: [(windowBits: Int, frame: Frame)] = []

    private init(_ opcode: WebSocketOpcode, _ payload: [UInt8]) {
        self.opcode = opcode
        payloadBytes = payload.count
        plain = Frame(WebSocketFrameEncoder.encode(opcode, payload))
    }

    /// A text message, which must be UTF-8.
    package static func text(_ text: [UInt8]) -> SharedFrame { SharedFrame(.text, text) }

    /// A binary message.
    package static func binary(_ bytes: [UInt8]) -> SharedFrame { SharedFrame(.binary, bytes) }

    /// The frame as this connection gets it.
    func form(for compression: WebSocketCompression?) -> Frame {
        guard let compression, payloadBytes >= DeflateContexts.smallestBytes else { return plain }
        let windowBits = compression.window(for: payloadBytes)
        if let known = forms.first(where: { $0.windowBits == windowBits }) { return known.frame }
        var frame = plain
        let bytes = plain.bytes
        if let compressed = compression.compress(bytes.span.extracting(last: payloadBytes)) {
            frame = Frame(WebSocketFrameEncoder.encode(opcode, compressed, isCompressed: true))
        }
        forms.append((windowBits, frame))
        return frame
    }
}
