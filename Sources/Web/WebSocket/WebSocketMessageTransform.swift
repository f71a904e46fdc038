/// A negotiated extension that changes whole messages and marks them with RSV1: permessage-deflate (RFC 7692).
///
/// One object a connection, which it belongs to; control frames never pass through it.
package protocol WebSocketMessageTransform: AnyObject {
    /// Appends the original of the next bytes of a marked message to `message`; `isFinal` comes once, with the last.
    ///
    /// - Throws: 1007 for bytes it cannot undo, 1009 as soon as `message` would pass `maximumBytes`.
    func decode(
        _ bytes: Span<UInt8>,
        isFinal: Bool,
        into message: inout [UInt8],
        maximumBytes: Int
    ) throws(WebSocketProtocolError)

    /// The bytes to send for a message, or nil to send it as it is and unmarked.
    func encode(_ message: [UInt8]) -> [UInt8]?
}
