/// Writes responses for the wire, head and body in one buffer.
struct HTTPResponseEncoder {
    private var date = HTTPDate()

    /// How a response must be written for the request it answers.
    struct Framing {
        var requestID: String
        var isHEAD = false
        /// Whether the connection ends after this response.
        var closes: Bool
        /// The client speaks HTTP/1.0 and must be told that the connection stays.
        var confirmsKeepAlive = false
    }

    /// The head of `response`, followed by `body` as far as `bodyPrefix` allows.
    mutating func encode(_ response: HTTPResponse, framing: Framing, bodyPrefix: Int = .max) -> [UInt8] {
        let body = response.bodyBytes
        let sendsBody = !framing.isHEAD && !response.status.forbidsBody
        let included = sendsBody ? min(body.count, bodyPrefix) : 0
        var output: [UInt8] = []
        output.reserveCapacity(256 + response.headers.bytes.count + included)
        Self.writeStatusLine(response.status, to: &output)
        response.headers.write(to: &output)
        Self.write("Date: ", date.current(), to: &output)
        Self.write("X-Request-Id: ", framing.requestID.utf8, to: &output)
        if !response.status.forbidsBody {
            Self.write("Content-Length: ", to: &output, number: body.count)
        }
        if framing.closes {
            output.append(contentsOf: "Connection: close\r\n".utf8)
        } else if framing.confirmsKeepAlive {
            output.append(contentsOf: "Connection: keep-alive\r\n".utf8)
        }
        output.append(contentsOf: "\r\n".utf8)
        if included > 0 { output.append(contentsOf: body.prefix(included)) }
        return output
    }

    private static func writeStatusLine(_ status: HTTPStatus, to output: inout [UInt8]) {
        output.append(contentsOf: "HTTP/1.1 ".utf8)
        output.append(UInt8(ascii: "0") + UInt8(status.code / 100))
        output.append(UInt8(ascii: "0") + UInt8(status.code / 10 % 10))
        output.append(UInt8(ascii: "0") + UInt8(status.code % 10))
        write(" ", status.reason.utf8, to: &output)
    }

    private static func write(_ prefix: StaticString, _ value: some Sequence<UInt8>, to output: inout [UInt8]) {
        unsafe output.append(contentsOf: UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
        output.append(contentsOf: value)
        output.append(UInt8(ascii: "\r"))
        output.append(UInt8(ascii: "\n"))
    }

    private static func write(_ prefix: StaticString, to output: inout [UInt8], number: Int) {
        var digits: [20 of UInt8] = .init(repeating: 0)
        var start = 20
        var rest = number
        repeat {
            start -= 1
            digits[start] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        } while rest > 0
        unsafe output.append(contentsOf: UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
        for index in start..<20 { output.append(digits[index]) }
        output.append(UInt8(ascii: "\r"))
        output.append(UInt8(ascii: "\n"))
    }
}
