/// zlib's contexts of one loop, shared by all its WebSockets.
///
/// Loop-bound.
///
/// Every message is compressed on its own, in both directions, so a context serves one socket only while it works on
/// one message: an idle socket has none, and compressing takes one context for the whole loop.
package final class DeflateContexts {
    /// By the window they were made for.
    private var deflaters: [Int: Deflater] = [:]
    private var idleInflaters: [Inflater] = []

    /// Below this a message is sent as it is: an acknowledgement of 180 bytes would lose 40 of them for 5 µs.
    static let smallestBytes = 256
    static let largestWindowBits = 15
    /// Inflaters kept for the next message; a burst of slow, compressed messages needs more, which go with it.
    private static let idleInflaterLimit = 4

    /// No contexts: each is made when it is first needed.
    package init() {}

    /// The compressed form of a message, for a peer with a window of 2^windowBits bytes; nil where it does not pay.
    func compress(_ message: Span<UInt8>, windowBits: Int) -> [UInt8]? {
        guard message.count >= Self.smallestBytes else { return nil }
        let context: Deflater
        if let known = deflaters[windowBits] {
            context = known
        } else {
            context = Deflater(windowBits: windowBits)
            deflaters[windowBits] = context
        }
        return context.compress(message)
    }

    /// An inflater for one message, to be given back after it; one that met an error is to be dropped instead.
    func takeInflater() -> Inflater { idleInflaters.popLast() ?? Inflater() }

    func giveBack(_ inflater: Inflater) {
        guard idleInflaters.count < Self.idleInflaterLimit else { return }
        inflater.reset()
        idleInflaters.append(inflater)
    }
}
