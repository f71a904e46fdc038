import Support
import Web

/// What an assembler makes of a byte stream: what it understood, then what it refused.
struct Reading: Equatable {
    var events: [WebSocketMessageAssembler.Event] = []
    var error: WebSocketCloseCode?

    /// Reads the stream cut at the given positions.
    init(
        _ bytes: [UInt8],
        cuts: [Int] = [],
        role: WebSocketRole = .server,
        limits: WebSocketLimits = .init(),
        compression: WebSocketCompression? = nil
    ) {
        var assembler = WebSocketMessageAssembler(role: role, limits: limits, compression: compression)
        var start = 0
        do throws(WebSocketProtocolError) {
            for end in cuts + [bytes.count] {
                let piece = Array(bytes[start..<end])
                var position = 0
                while let event = try assembler.next(in: piece.span, from: &position) {
                    events.append(event)
                    if case .close = event { return }
                }
                start = end
            }
        } catch {
            self.error = error.code
        }
    }

    private init(events: [WebSocketMessageAssembler.Event], error: WebSocketCloseCode?) {
        self.events = events
        self.error = error
    }

    /// Messages and nothing wrong.
    static func messages(_ messages: WebSocketMessage...) -> Reading {
        Reading(events: messages.map { .message($0) }, error: nil)
    }

    /// Events and nothing wrong.
    static func events(_ events: WebSocketMessageAssembler.Event...) -> Reading { Reading(events: events, error: nil) }

    /// Some events, then a refusal.
    static func refused(
        _ code: WebSocketCloseCode,
        after events: WebSocketMessageAssembler.Event...
    ) -> Reading { Reading(events: events, error: code) }
}

/// Reads a stream whole, byte by byte, cut in two at every position (where it is short) and into random pieces;
/// returns what all of these agree on, and nil if they do not.
func readEveryWay(
    _ bytes: [UInt8],
    role: WebSocketRole = .server,
    limits: WebSocketLimits = .init(),
    compression: WebSocketCompression? = nil
) -> Reading? {
    let whole = Reading(bytes, role: role, limits: limits, compression: compression)
    var cuttings: [[Int]] = []
    if bytes.count <= 5_000 { cuttings.append(Array(0..<bytes.count)) }
    if bytes.count <= 500 { cuttings += (0..<bytes.count).map { [$0] } }
    var random = SplitMix64(seed: 7)
    for _ in 0..<8 {
        cuttings.append((0..<16).map { _ in Int.random(in: 0...bytes.count, using: &random) }.sorted())
    }
    let agree = cuttings.allSatisfy {
        Reading(bytes, cuts: $0, role: role, limits: limits, compression: compression) == whole
    }
    return agree ? whole : nil
}

/// How many bytes, coming one by one, it takes until the stream is refused; nil if it never is.
func bytesUntilRefused(_ bytes: [UInt8], limits: WebSocketLimits = .init()) -> Int? {
    var assembler = WebSocketMessageAssembler(role: .server, limits: limits)
    for (index, byte) in bytes.enumerated() {
        var position = 0
        do throws(WebSocketProtocolError) {
            while try assembler.next(in: [byte].span, from: &position) != nil {}
        } catch {
            return index + 1
        }
    }
    return nil
}

/// A client's frame, masked with a fixed key.
func clientFrame(
    _ opcode: WebSocketOpcode,
    _ payload: [UInt8] = [],
    final isFinal: Bool = true,
    compressed isCompressed: Bool = false
) -> [UInt8] {
    WebSocketFrameEncoder.encode(
        opcode,
        payload,
        isFinal: isFinal,
        isCompressed: isCompressed,
        maskingKey: 0x5A_C3_17_E8
    )
}

/// A client's text frame.
func clientText(_ text: String, final isFinal: Bool = true) -> [UInt8] {
    clientFrame(.text, Array(text.utf8), final: isFinal)
}

/// The message that a text is.
func text(_ text: String) -> WebSocketMessage { .text(Array(text.utf8)) }
