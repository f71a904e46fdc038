import JSON
import Testing

@testable import Web

@Suite struct HTTPTypesTests {
    @Test func `a header value cannot begin a line of its own`() {
        var headers = HTTPHeaders()
        headers.append("Location", "/a\r\nSet-Cookie: x\u{0}")
        var output: [UInt8] = []
        headers.write(to: &output)
        #expect(String(decoding: output, as: UTF8.self) == "Location: /a  Set-Cookie: x \r\n")
    }

    @Test func `header names have no case and set replaces`() {
        var headers = HTTPHeaders([("A", "1"), ("b", "2"), ("a", "3")])
        #expect(headers.values(of: "A") == ["1", "3"])
        headers.set("a", "4")
        #expect(headers.all.map(\.value) == ["2", "4"])
        #expect(headers["B"] == "2")
        #expect(headers["c"] == nil)
    }

    @Test(arguments: [
        ("/a/b", ["a", "b"]), ("/", []), ("/a/", ["a", ""]), ("//a", ["", "a"]), ("/a%2Fb", ["a/b"]),
        ("/%F0%9F%91%8D", ["👍"]), ("/a+b", ["a+b"]), ("/%2e%2e/x?y", ["..", "x"]),
    ])
    func `a path is split before it is decoded`(path: String, segments: [String]) throws {
        #expect(try HTTPRequest(method: .get, target: path).segments() == segments)
    }

    @Test(arguments: ["/%", "/%4", "/%zz", "/%00", "/%FF", "/a%C3/b"])
    func `a broken path escape is refused`(path: String) {
        #expect(throws: Problem.self) { try HTTPRequest(method: .get, target: path).segments() }
    }

    @Test func `query items are decoded and may not be ambiguous`() throws {
        let request = HTTPRequest(method: .get, target: "/?q=a+b%26c&x&y==&z=1&z=2")
        #expect(try request.queryItem("q") == "a b&c")
        #expect(try request.queryItem("x") == "")
        #expect(try request.queryItem("y") == "=")
        #expect(try request.queryItem("none") == nil)
        #expect(throws: Problem.self) { try request.queryItem("z") }
        #expect(throws: Problem.self) { try HTTPRequest(method: .get, target: "/?q=%0").queryItems() }
    }

    @Test(
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
        ] as [(Int64, String)]
    )
    func `dates are those of the standard`(seconds: Int64, text: String) {
        #expect(HTTPDate.format(seconds) == text)
    }

    @Test func `a caller's identity is taken only when it is harmless`() {
        var identities = RequestIDs()
        #expect(identities.identity(for: "abc_DEF-123") == "abc_DEF-123")
        for bad in ["", "a b", "a\"", "ä", String(repeating: "x", count: 65)] {
            let identity = identities.identity(for: bad)
            #expect(identity != bad)
            #expect(RequestIDs.isValid(identity))
        }
        #expect(identities.identity(for: nil) != identities.identity(for: nil))
    }

    @Test func `a problem is written with every field`() throws {
        let problem = Problem(
            429,
            code: "rate_limited",
            detail: "slow",
            retryable: true,
            retryAfter: .milliseconds(1500)
        )
        let response = problem.response(requestID: "r1", instance: "/x")
        #expect(response.headers["retry-after"] == "2")
        #expect(response.headers["content-type"] == "application/problem+json")
        let text = String(decoding: response.bodyBytes, as: UTF8.self)
        #expect(
            text == #"{"type":"about:blank","title":"Too Many Requests","status":429,"detail":"slow","instance":"/x","#
                + #""code":"rate_limited","request_id":"r1","retryable":true}"#
        )
    }

    @Test func `a problem of which little is known has every field no less`() {
        let response = Problem(404, code: "not_found").response(requestID: "r1")
        #expect(
            String(decoding: response.bodyBytes, as: UTF8.self)
                == #"{"type":"about:blank","title":"Not Found","status":404,"detail":"Not Found","instance":"/","#
                + #""code":"not_found","request_id":"r1","retryable":false}"#
        )
    }

    @Test func `responses are framed by status and method`() {
        var encoder = HTTPResponseEncoder()
        func lines(_ response: HTTPResponse, isHEAD: Bool = false, closes: Bool = false) -> [Substring] {
            let framing = HTTPResponseEncoder.Framing(requestID: "r", isHEAD: isHEAD, closes: closes)
            return String(decoding: encoder.encode(response, framing: framing), as: UTF8.self)
                .split(separator: "\r\n", omittingEmptySubsequences: false)
        }
        let head = lines(.text(.ok, "hello"), isHEAD: true, closes: true)
        #expect(head.first == "HTTP/1.1 200 OK")
        #expect(head.contains("Content-Length: 5"))
        #expect(head.contains("Connection: close"))
        #expect(head.last == "")
        #expect(lines(.text(.ok, "hello")).last == "hello")
        #expect(!lines(HTTPResponse(.noContent)).contains { $0.hasPrefix("Content-Length") })
        #expect(lines(HTTPResponse(.ok)).contains("Content-Length: 0"))
    }
}
