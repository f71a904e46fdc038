/// Turns the bytes of one connection into requests, one at a time.
///
/// Loop-bound, knows no socket.
///
/// Refuses what two servers could read differently (RFC 9112 section 11): the caller answers the problem and closes.
package struct HTTPRequestParser {
    /// What came of the bytes so far.
    package enum Step {
        /// Nothing more can be said without more bytes.
        case needsBytes
        /// The body will be accepted and the client waits to hear so; comes once, then parsing goes on.
        case sendsContinue
        case request(ParsedRequest)
    }

    /// A complete request, not yet given an identity by the connection.
    package struct ParsedRequest {
        /// The head, checked.
        package let head: HTTPRequestHead
        /// The body, its transfer coding undone.
        package let body: [UInt8]
        /// What its route accepts; nil where the server's limits hold.
        let limits: RequestLimits?
    }

    /// Where the parser stands, for deadlines.
    enum Phase {
        case idle, head, body
    }

    private(set) var phase = Phase.idle
    /// The head whose body is being read, for the identity of a refusal.
    private(set) var head: HTTPRequestHead?
    /// The line of the request that is being read, once that was found right, for a refusal to name its path.
    private(set) var line: HTTPRequestLine?

    private let limits: HTTPLimits
    private let routeLimits: (HTTPRequestHead) -> RequestLimits?
    private var requestLimits: RequestLimits?
    private let decoder = HTTPMessageDecoder(.request)
    private var reader: HTTPHeadReader
    private var chunks: ChunkGuard?
    private var owesContinue = false
    private var skippedBlankLine = false

    /// A parser of one connection; `routeLimits` is asked for each head that is complete.
    package init(limits: HTTPLimits, routeLimits: @escaping (HTTPRequestHead) -> RequestLimits? = { _ in nil }) {
        self.limits = limits
        self.routeLimits = routeLimits
        reader = HTTPHeadReader(limits: limits)
    }

    /// Reads on in `input`; to be called again after anything but `needsBytes`, and whenever bytes were appended.
    ///
    /// - Throws: the problem to answer before closing; the parser is of no use then.
    package mutating func parse(_ input: inout InputBuffer) throws(Problem) -> Step {
        if head == nil {
            guard try readHead(&input) else { return .needsBytes }
        }
        if !decoder.isComplete, owesContinue, input.isEmpty {
            owesContinue = false
            return .sendsContinue
        }
        try readBody(&input)
        guard decoder.isComplete, let head else { return .needsBytes }
        let request = ParsedRequest(head: head, body: decoder.takeBody(), limits: requestLimits)
        reset()
        return .request(request)
    }

    private mutating func reset() {
        phase = .idle
        head = nil
        line = nil
        reader = HTTPHeadReader(limits: limits)
        chunks = nil
        owesContinue = false
        skippedBlankLine = false
    }

    private mutating func readHead(_ input: inout InputBuffer) throws(Problem) -> Bool {
        guard skipBlankLine(&input) else { return false }
        guard !input.isEmpty else { return false }
        phase = .head
        guard let length = try input.withUnread({ (bytes) throws(Problem) in try reader.read(bytes) }) else {
            return false
        }
        let bytes = input.take(length)
        let line = try HTTPRequestLine(bytes[reader.startLine])
        self.line = line
        let head = try HTTPRequestHead(line, bytes: bytes, reader: reader)
        self.head = head
        phase = .body
        requestLimits = routeLimits(head)
        let bodyLimit = min(requestLimits?.bodyBytes ?? .max, limits.bodyBytes)
        switch head.framing {
        case .length(let count):
            guard count <= bodyLimit else { throw .bodyTooLarge }
            decoder.start(bodyLimit: bodyLimit, reservingBytes: count)
        case .chunked:
            decoder.start(bodyLimit: bodyLimit)
            chunks = ChunkGuard(limits: limits)
        }
        guard try decoder.decode(bytes.span) == length else { throw .malformed("the head ends early") }
        owesContinue = head.expectsContinue && head.framing != .length(0)
        return true
    }

    /// One empty line before a request is forgiven (RFC 9112 section 2.2); false while it is not known to be one.
    private mutating func skipBlankLine(_ input: inout InputBuffer) -> Bool {
        guard !skippedBlankLine, phase == .idle, !input.isEmpty else { return true }
        guard input[0] == UInt8(ascii: "\r") else { return true }
        guard input.count > 1 else { return false }
        if input[1] == UInt8(ascii: "\n") {
            input.consume(2)
            skippedBlankLine = true
        }
        return true
    }

    private mutating func readBody(_ input: inout InputBuffer) throws(Problem) {
        guard !decoder.isComplete, !input.isEmpty else { return }
        let (length, used) = try input.withUnread { (bytes) throws(Problem) in
            let length = try chunks?.check(bytes) ?? bytes.count
            return (length, try decoder.decode(bytes.extracting(first: length)))
        }
        guard chunks == nil || (used == length && chunks?.isDone == decoder.isComplete) else {
            throw .malformed("the chunks do not add up")
        }
        input.consume(used)
    }
}
