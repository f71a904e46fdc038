/// What a server answers to an offer of permessage-deflate (RFC 7692 §5, §7.1).
///
/// Pure. The answer always has both ends begin every message with an empty window, which a server may ask for unasked
/// (§7.1.1): a message is then compressed once for all the sockets it goes to, and no socket holds a window of its own.
package struct PerMessageDeflate: Equatable, Sendable {
    /// The window the server may compress with, as a power of two: 9...15.
    package let serverWindowBits: Int
    private let namesServerWindow: Bool

    static let name = "permessage-deflate"
    /// What our clients offer.
    static let offer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

    /// Takes the first offer that can be taken; nil when none can, and the connection goes without.
    ///
    /// An offer with a parameter that is unknown, given twice or out of range is declined (§7.1), and so is one of a
    /// 256-byte window, which zlib cannot do.
    package static func accept(_ offers: [WebSocketExtension]) -> PerMessageDeflate? {
        for offer in offers {
            guard let parameters = Parameters(offer) else { continue }
            let bits = parameters.serverWindowBits ?? DeflateContexts.largestWindowBits
            guard bits > 8 else { continue }
            return PerMessageDeflate(serverWindowBits: bits, namesServerWindow: parameters.serverWindowBits != nil)
        }
        return nil
    }

    /// The value of Sec-WebSocket-Extensions in the 101 answer.
    package var response: String {
        let window = namesServerWindow ? "; server_max_window_bits=\(serverWindowBits)" : ""
        return "\(Self.name); server_no_context_takeover; client_no_context_takeover\(window)"
    }

    /// Whether a server's answer is one to `offer`: it keeps no window, as it was told, and names no limit that was
    /// not offered (§7.1.2.2).
    static func answersOffer(_ answer: WebSocketExtension) -> Bool {
        guard let parameters = Parameters(answer) else { return false }
        return parameters.serverDropsWindow && !parameters.limitsClientWindow
    }
}

/// The parameters of permessage-deflate, found valid; offers and answers have the same ones.
private struct Parameters {
    private(set) var serverDropsWindow = false
    private(set) var serverWindowBits: Int?
    private(set) var limitsClientWindow = false

    init?(_ element: WebSocketExtension) {
        guard element.name == PerMessageDeflate.name else { return nil }
        guard Set(element.parameters.map(\.name)).count == element.parameters.count else { return nil }
        for parameter in element.parameters {
            guard accept(parameter) else { return nil }
        }
    }

    private mutating func accept(_ parameter: WebSocketExtension.Parameter) -> Bool {
        switch (parameter.name, parameter.value) {
        case ("server_no_context_takeover", nil): serverDropsWindow = true
        case ("client_no_context_takeover", nil): break
        case ("server_max_window_bits", let value?):
            guard let bits = Self.windowBits(value) else { return false }
            serverWindowBits = bits
        case ("client_max_window_bits", let value):
            guard value == nil || Self.windowBits(value ?? "") != nil else { return false }
            limitsClientWindow = true
        default: return false
        }
        return true
    }

    /// 8...15, without leading zeros (§7.1.2.1).
    private static func windowBits(_ text: String) -> Int? {
        (8...15).first { String($0) == text }
    }
}
