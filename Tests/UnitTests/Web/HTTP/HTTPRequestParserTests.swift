import Testing

@testable import Web

/// What a parser made of some bytes.
private struct Outcome {
    var requests: [HTTPRequestParser.ParsedRequest] = []
    var continues = 0
    var problem: Problem?
    var phase = HTTPRequestParser.Phase.idle
}

/// Feeds `text` in pieces of `size` bytes.
private func parse(_ text: String, size: Int = .max, limits: HTTPLimits = HTTPLimits()) -> Outcome {
    parse(Array(text.utf8), size: size, limits: limits)
}

private func parse(_ bytes: [UInt8], size: Int = .max, limits: HTTPLimits = HTTPLimits()) -> Outcome {
    var parser = HTTPRequestParser(limits: limits)
    var input = InputBuffer()
    var outcome = Outcome()
    var start = 0
    do {
        while start < bytes.count {
            let piece = Array(bytes[start..<min(bytes.count, start + min(size, bytes.count))])
            start += piece.count
            input.append(piece.span)
            reading: while true {
                switch try parser.parse(&input) {
                case .needsBytes: break reading
                case .sendsContinue: outcome.continues += 1
                case .request(let request): outcome.requests.append(request)
                }
            }
        }
    } catch {
        outcome.problem = error
    }
    outcome.phase = parser.phase
    return outcome
}

@Suite struct HTTPRequestParserTests {
    @Test func `a request is read whole, whatever the pieces`() {
        let text = "POST /a/b?x=1 HTTP/1.1\r\nHost: example\r\nContent-Length: 5\r\nX-A:  b c \t\r\n\r\nhello"
        for size in 1...text.utf8.count {
            let outcome = parse(text, size: size)
            #expect(outcome.problem == nil)
            guard let request = outcome.requests.first, outcome.requests.count == 1 else {
                Issue.record("\(outcome.requests.count) requests at size \(size)")
                return
            }
            #expect(request.head.method == .post)
            #expect(request.head.target == "/a/b?x=1")
            #expect(request.head.headers["x-a"] == "b c")
            #expect(request.head.keepsAlive)
            #expect(request.body == Array("hello".utf8))
        }
    }

    @Test(arguments: [1, 2, 3, 7, 1000])
    func `pipelined requests come out in order`(size: Int) {
        let text = (0..<20).map { index in
            index % 2 == 0
                ? "GET /\(index) HTTP/1.1\r\nHost: a\r\n\r\n"
                : "PUT /\(index) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n1\r\nd\r\n0\r\nT: u\r\n\r\n"
        }.joined()
        let outcome = parse(text, size: size)
        #expect(outcome.problem == nil)
        #expect(outcome.requests.map(\.head.target) == (0..<20).map { "/\($0)" })
        #expect(outcome.requests[1].body == Array("abcd".utf8))
    }

    @Test(arguments: [
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\tfolded: x\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nnocolon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \u{7F}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX(: b\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{B}chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-EncodingX: 5\r\nContent-Length: 0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding-: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        "GET /\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1x\r\nHost: a\r\n\r\n",
        "GET / http/1.1\r\nHost: a\r\n\r\n",
        "GET http:// HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://:80/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://u@x/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://u:p@x/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://x:8o/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://[::1/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://[::1]x/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://x\\y/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://x/a#b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://\u{E4}/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http:/x/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http:x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET ftp://x/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET ws://x/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET x/y HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://x/ HTTP/1.1\r\n\r\n",
        "GET http://x/ HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\u{E4} HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
        "G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ])
    func `an ambiguous head is refused`(text: String) {
        for size in [1, Int.max] {
            let outcome = parse(text, size: size)
            #expect(outcome.requests.isEmpty)
            #expect(outcome.problem?.status == 400)
            #expect(outcome.problem?.code == "invalid_value")
        }
    }

    @Test(arguments: [
        ("GET http://x.example/a/b?c=/d", "/a/b?c=/d", "x.example"),
        ("GET HTTP://x:8080/", "/", "x:8080"), ("GET httpS://[::1]:443/%2e%2e", "/%2e%2e", "[::1]:443"),
        ("GET http://x:/..//a", "/..//a", "x:"), ("GET http://x", "/", "x"), ("GET http://x?y=@z", "/?y=@z", "x"),
        ("OPTIONS http://x", "*", "x"), ("OPTIONS http://x/", "/", "x"), ("OPTIONS http://x?", "/?", "x"),
        ("OPTIONS *", "*", "a"), ("GET //x/http://y", "//x/http://y", "a"),
    ])
    func `a whole address is a target, and its host the host`(line: String, target: String, host: String) {
        for size in [1, Int.max] {
            let outcome = parse("\(line) HTTP/1.1\r\nA: b\r\nhost: a\r\n\r\n", size: size)
            #expect(outcome.problem == nil)
            #expect(outcome.requests.map(\.head.target) == [target])
            #expect(outcome.requests.map { $0.head.headers.values(of: "Host") } == [[host]])
        }
        #expect(parse("GET http://x/y HTTP/1.0\r\n\r\n").requests.first?.head.path == "/y")
    }

    @Test(arguments: [
        "3\nabc\r\n0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n",
        "3\r\nabcXX0\r\n\r\n",
        "3\r\nabc\r\n0\r\n\n",
        "3\rXabc\r\n0\r\n\r\n",
        "3;a\nb\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        "\r\n0\r\n\r\n",
        "-1\r\n\r\n",
        "ffffffffffffffff\r\nabc",
        "3\r\nabc\r\n0\r\nT: a\nb\r\n\r\n",
        "1;\(String(repeating: "x", count: 300))\r\na\r\n0\r\n\r\n",
    ])
    func `broken chunks are refused`(chunks: String) {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        for size in [1, Int.max] {
            let outcome = parse(head + chunks, size: size)
            #expect(outcome.requests.isEmpty)
            #expect(outcome.problem?.status == 400)
        }
    }

    @Test func `everything has a limit`() {
        let long = String(repeating: "x", count: 9000)
        func status(_ text: String) -> HTTPStatus? { parse(text).problem?.status }
        #expect(status("GET /\(long)") == 414)
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\nX: \(long)") == 431)
        let many = (0..<100).map { "X\($0): y\r\n" }.joined()
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\n\(many)\r\n") == 431)
        let large = String(repeating: "X: \(String(repeating: "y", count: 5000))\r\n", count: 4)
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\n\(large)\r\n") == 431)
        #expect(status("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 262145\r\n\r\n") == 413)
        #expect(status("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n") == 413)
        let chunked = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(status(chunked + "40001\r\n") == 413)
        let trailers = String(repeating: "T: \(String(repeating: "y", count: 1000))\r\n", count: 5)
        #expect(status(chunked + "0\r\n\(trailers)\r\n") == 431)
        var limits = HTTPLimits()
        limits.bodyBytes = 5
        #expect(parse(chunked + "3\r\nabc\r\n3\r\n", limits: limits).problem?.status == 413)
        #expect(parse(chunked + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", limits: limits).requests.first?.body.count == 5)
    }

    @Test func `versions, unknown methods and expectations have their own status`() {
        #expect(parse("GET / HTTP/2.0\r\nHost: a\r\n\r\n").problem?.status == 505)
        #expect(parse("PRI * HTTP/2.0\r\n\r\n").problem?.status == 505)
        #expect(parse("BREW / HTTP/1.1\r\nHost: a\r\n\r\n").problem?.status == 501)
        #expect(parse("GET / HTTP/1.1\r\nHost: a\r\nExpect: cake\r\n\r\n").problem?.status == 417)
        #expect(parse("PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n").requests.first?.head.method == .other("PROPFIND"))
    }

    @Test func `continue is sent once, when the body is awaited and will be accepted`() {
        let head = "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        let slow = parse(head + "abc", size: 1)
        #expect(slow.continues == 1)
        #expect(slow.requests.count == 1)
        #expect(parse(head + "abc").continues == 0)
        let large = "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 300000\r\n\r\n"
        #expect(parse(large, size: 1).continues == 0)
        #expect(parse(large, size: 1).problem?.status == 413)
    }

    @Test func `persistence follows version and Connection`() {
        func keeps(_ version: String, _ connection: String) -> Bool? {
            parse("GET / HTTP/\(version)\r\nHost: a\r\n\(connection)\r\n").requests.first?.head.keepsAlive
        }
        #expect(keeps("1.1", "") == true)
        #expect(keeps("1.1", "Connection: x, Close\r\n") == false)
        #expect(keeps("1.0", "") == false)
        #expect(keeps("1.0", "Connection: Keep-Alive\r\n") == true)
        #expect(keeps("1.1", "Connection: disclose\r\n") == true)
    }

    @Test func `an upgrade leaves what follows it unread`() throws {
        var parser = HTTPRequestParser(limits: HTTPLimits())
        var input = InputBuffer()
        let text = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\u{1}\u{2}"
        input.append(Array(text.utf8).span)
        guard case .request = try parser.parse(&input) else {
            Issue.record("no request")
            return
        }
        #expect(input.take(input.count) == [1, 2])
    }
}
