import Web

/// What holds of the WebSocket codec for any bytes.
///
/// However they are cut into reads, the same messages come out and the stream fails or not; nothing is longer than the
/// limits, compressed or not; text is UTF-8. And what one end writes, in any fragments, the other reads.
enum WebSocketProperties {
    private static let limits = WebSocketLimits(frameBytes: 512, messageBytes: 1_024)

    static func check(_ input: [UInt8]) throws {
        for isCompressed in [true, false] {
            var first: Outcome?
            for cuts in Cuts.all(of: input) {
                let outcome = read(input, cuts, role: .server, isCompressed: isCompressed)
                try checkLimits(outcome)
                guard let expected = first else {
                    first = outcome
                    continue
                }
                try FuzzFinding.unless(
                    outcome.agrees(with: expected),
                    "cut into \(cuts.count) reads: \(outcome) instead of \(expected)"
                )
            }
        }
        try checkRoundTrip(input)
        try checkBomb(input)
    }

    /// What a stream of bytes was taken for.
    private struct Outcome: Equatable {
        var events: [WebSocketMessageAssembler.Event] = []
        var failure: WebSocketProtocolError?

        /// Equal; but where a message breaks two rules, the longer read may show the size before the text.
        func agrees(with other: Outcome) -> Bool {
            guard events == other.events, let failure, let otherFailure = other.failure else { return self == other }
            let ofPayload: [WebSocketCloseCode] = [.invalidPayload, .messageTooBig]
            return failure.code == otherFailure.code
                || (ofPayload.contains(failure.code) && ofPayload.contains(otherFailure.code))
        }
    }

    /// As a connection does it: no more after an error or a Close.
    private static func read(
        _ bytes: [UInt8],
        _ cuts: [Range<Int>],
        role: WebSocketRole,
        isCompressed: Bool
    ) -> Outcome {
        let compression = isCompressed ? WebSocketCompression(client: DeflateContexts()) : nil
        var assembler = WebSocketMessageAssembler(role: role, limits: limits, compression: compression)
        var outcome = Outcome()
        for cut in cuts {
            var position = 0
            do throws(WebSocketProtocolError) {
                while let event = try assembler.next(in: bytes.span.extracting(cut), from: &position) {
                    outcome.events.append(event)
                    if case .close = event { return outcome }
                }
            } catch {
                outcome.failure = error
                return outcome
            }
        }
        return outcome
    }

    private static func checkLimits(_ outcome: Outcome) throws(FuzzFinding) {
        for event in outcome.events {
            switch event {
            case .message(.text(let text)):
                try FuzzFinding.unless(text.count <= limits.messageBytes, "a text of \(text.count) bytes")
                try FuzzFinding.unless(String(validating: text, as: UTF8.self) != nil, "a text that is not UTF-8")
            case .message(.binary(let bytes)):
                try FuzzFinding.unless(bytes.count <= limits.messageBytes, "a message of \(bytes.count) bytes")
            case .ping(let bytes), .pong(let bytes):
                try FuzzFinding.unless(bytes.count <= 125, "a control frame of \(bytes.count) bytes")
            case .close(let status):
                let isKnown = status.code == .noStatus || status.code.isAllowedOnWire
                try FuzzFinding.unless(isKnown, "the close code \(status.code.rawValue)")
            }
        }
    }

    /// Messages and control frames made from the input, as a client would send them.
    private static func checkRoundTrip(_ input: [UInt8]) throws(FuzzFinding) {
        var recipe = FuzzInput(input)
        let compression = WebSocketCompression(client: DeflateContexts())
        var wire: [UInt8] = []
        var events: [WebSocketMessageAssembler.Event] = []
        while !recipe.isEmpty, events.count < 8 {
            let key: UInt32? = recipe.integer()
            switch recipe.below(4) {
            case 0:
                let payload = recipe.bytes(atMost: 125)
                wire += WebSocketFrameEncoder.encode(.ping, payload, maskingKey: key)
                events.append(.ping(payload))
            case 1:
                let text = Array(recipe.text(atMost: 200).utf8)
                append(text, .text, fragment: 1 + recipe.below(64), key: key, nil, to: &wire)
                events.append(.message(.text(text)))
            default:
                // Repeated, so that it is worth compressing.
                let payload = Array([recipe.bytes(), recipe.bytes()].map { $0 + $0 }.joined())
                let compressed = compression.compress(payload.span)
                append(compressed ?? payload, .binary, fragment: 1 + recipe.below(400), key: key, compressed, to: &wire)
                events.append(.message(.binary(payload)))
            }
        }
        for cuts in Cuts.all(of: wire) {
            let outcome = read(wire, cuts, role: .server, isCompressed: true)
            try FuzzFinding.unless(outcome == Outcome(events: events), "wrote \(events), read \(outcome)")
        }
    }

    private static func append(
        _ payload: [UInt8],
        _ opcode: WebSocketOpcode,
        fragment: Int,
        key: UInt32?,
        _ compressed: [UInt8]?,
        to wire: inout [UInt8]
    ) {
        var start = 0
        repeat {
            let end = min(payload.count, start + fragment)
            wire += WebSocketFrameEncoder.encode(
                start == 0 ? opcode : .continuation,
                Array(payload[start..<end]),
                isFinal: end == payload.count,
                isCompressed: start == 0 && compressed != nil,
                maskingKey: key
            )
            start = end
        } while start < payload.count
    }

    /// A message that becomes too long when it is undone is refused, and not a byte of it is delivered.
    private static func checkBomb(_ input: [UInt8]) throws(FuzzFinding) {
        let piece = input.prefix(64)
        guard !piece.isEmpty else { return }
        var bomb: [UInt8] = []
        while bomb.count <= limits.messageBytes { bomb += piece }
        guard let compressed = WebSocketCompression(client: DeflateContexts()).compress(bomb.span),
            compressed.count <= limits.frameBytes
        else { return }
        let wire = WebSocketFrameEncoder.encode(.binary, compressed, isCompressed: true, maskingKey: 0x1234_5678)
        for cuts in Cuts.all(of: wire) {
            let outcome = read(wire, cuts, role: .server, isCompressed: true)
            try FuzzFinding.unless(
                outcome.events.isEmpty && outcome.failure?.code == .messageTooBig,
                "\(bomb.count) bytes in \(compressed.count) came out as \(outcome)"
            )
        }
    }
}
