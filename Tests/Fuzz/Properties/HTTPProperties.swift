import Web

/// What holds of the HTTP parser for any bytes.
///
/// However the network cuts them into reads, the same requests come out and the stream is refused or not; every request
/// is within the limits; and a request written out again, with nothing but what was understood of it, is understood the
/// same, so that nothing was smuggled in a name or a value.
enum HTTPProperties {
    static func check(_ input: [UInt8]) throws {
        var first: Outcome?
        for cuts in Cuts.all(of: input) {
            let outcome = try read(input, cuts)
            guard let expected = first else {
                first = outcome
                continue
            }
            try FuzzFinding.unless(
                outcome == expected,
                "cut into \(cuts.count) reads: \(outcome) instead of \(expected)"
            )
        }
        for request in first?.requests ?? [] {
            let again = request.written
            let outcome = try read(again, [again.indices], wideLimits)
            try FuzzFinding.unless(
                outcome.requests.map(\.withoutFraming) == [request.withoutFraming] && !outcome.isRefused,
                "written out again, \(request) is \(outcome)"
            )
        }
    }

    /// What a stream of bytes was taken for.
    private struct Outcome: Equatable {
        var requests: [Request] = []
        var isRefused = false
    }

    private static let limits = {
        var limits = HTTPLimits()
        limits.headBytes = 1_024
        limits.lineBytes = 256
        limits.headerCount = 16
        limits.bodyBytes = 1_024
        limits.chunkLineBytes = 32
        limits.trailerBytes = 64
        return limits
    }()

    /// Octets that are not UTF-8 become three each when they are text, and Content-Length may be one field more.
    private static let wideLimits = {
        var limits = HTTPProperties.limits
        limits.headBytes *= 4
        limits.lineBytes *= 4
        limits.headerCount += 1
        return limits
    }()

    private static let routeBodyBytes = 128

    /// As a connection does it: no more after a refusal, nor after a request that says it is the last.
    private static func read(
        _ bytes: [UInt8],
        _ cuts: [Range<Int>],
        _ limits: HTTPLimits = limits
    ) throws(FuzzFinding) -> Outcome {
        var parser = HTTPRequestParser(limits: limits) { head in
            head.target.hasPrefix("/small") ? RequestLimits(bodyBytes: routeBodyBytes, answerTimeout: .zero) : nil
        }
        var input = InputBuffer()
        var outcome = Outcome()
        for cut in cuts {
            input.append(bytes.span.extracting(cut))
            do throws(Problem) {
                guard try parse(&parser, &input, into: &outcome) else { break }
            } catch {
                outcome.isRefused = true
                break
            }
        }
        return try checked(outcome, limits)
    }

    /// Takes the requests that are whole; false after the last one of the connection.
    private static func parse(
        _ parser: inout HTTPRequestParser,
        _ input: inout InputBuffer,
        into outcome: inout Outcome
    ) throws(Problem) -> Bool {
        while true {
            switch try parser.parse(&input) {
            case .needsBytes: return true
            case .sendsContinue: continue
            case .request(let parsed):
                outcome.requests.append(Request(parsed))
                guard parsed.head.keepsAlive else { return false }
            }
        }
    }

    private static func checked(_ outcome: Outcome, _ limits: HTTPLimits) throws(FuzzFinding) -> Outcome {
        for request in outcome.requests {
            let bodyLimit = request.target.hasPrefix("/small") ? routeBodyBytes : limits.bodyBytes
            try FuzzFinding.unless(request.body.count <= bodyLimit, "a body of \(request.body.count) bytes")
            try FuzzFinding.unless(request.fields.count <= limits.headerCount, "\(request.fields.count) headers")
            try FuzzFinding.unless(request.target.hasPrefix("/") || request.target == "*", "the target of \(request)")
            let targetBytes = request.target.utf8.count
            try FuzzFinding.unless(targetBytes <= limits.lineBytes, "a target of \(targetBytes) bytes")
            try checkFraming(request)
            let isClean = request.lines.allSatisfy { $0.utf8.allSatisfy { $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) } }
            try FuzzFinding.unless(isClean, "a control character in \(request)")
        }
        return outcome
    }

    /// Whatever stands before the server must find the same host, and the same end of the body.
    private static func checkFraming(_ request: Request) throws(FuzzFinding) {
        let hosts = request.values(of: "host")
        let isOneHost = hosts.count == 1 || (hosts.isEmpty && !request.isHTTP11)
        try FuzzFinding.unless(isOneHost, "\(hosts.count) hosts in \(request)")
        let (lengths, codings) = (request.values(of: "content-length"), request.values(of: "transfer-encoding"))
        try FuzzFinding.unless(lengths.count + codings.count <= 1, "framed twice: \(request)")
        let isFramed = !codings.isEmpty || Int(lengths.first ?? "0") == request.body.count
        try FuzzFinding.unless(isFramed, "a body of \(request.body.count) bytes in \(request)")
    }

    /// A request as far as a handler sees it.
    private struct Request: Equatable {
        var method: String
        var target: String
        var isHTTP11: Bool
        var keepsAlive: Bool
        var expectsContinue: Bool
        var fields: [[String]]
        var body: [UInt8]

        init(_ parsed: HTTPRequestParser.ParsedRequest) {
            method = parsed.head.method.name
            target = parsed.head.target
            isHTTP11 = parsed.head.isHTTP11
            keepsAlive = parsed.head.keepsAlive
            expectsContinue = parsed.head.expectsContinue
            fields = parsed.head.headers.all.map { [$0.name, $0.value] }
            body = parsed.body
        }

        var lines: [String] { [method, target] + fields.flatMap(\.self) }

        /// The values of all fields of this name, which is in lower case.
        func values(of name: String) -> [String] { fields.filter { $0[0].lowercased() == name }.map { $0[1] } }

        /// Without the fields that say how the body was sent.
        var withoutFraming: Request {
            var request = self
            request.fields.removeAll { ["content-length", "transfer-encoding"].contains($0[0].lowercased()) }
            return request
        }

        var written: [UInt8] {
            var head = "\(method) \(target) HTTP/\(isHTTP11 ? "1.1" : "1.0")\r\n"
            for field in withoutFraming.fields { head += "\(field[0]): \(field[1])\r\n" }
            return Array((head + "Content-Length: \(body.count)\r\n\r\n").utf8) + body
        }
    }
}
