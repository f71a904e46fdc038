import Testing
import Web

@Suite struct AnswerPolicyTests {
    private static let page = "https://chat.example.org"

    private static func answer(
        _ method: HTTPMethod,
        origin: String...,
        preflight: String? = nil,
        allowing origins: Set<String> = [page],
        tls: Duration? = nil,
        to response: HTTPResponse = HTTPResponse(.noContent, headers: HTTPHeaders([("Allow", "GET, HEAD, OPTIONS")]))
    ) -> HTTPHeaders {
        var headers = HTTPHeaders(origin.map { ("Origin", $0) })
        if let preflight { headers.append("Access-Control-Request-Method", preflight) }
        var response = response
        AnswerPolicy(allowedOrigins: origins, transportSecurity: tls).complete(&response, to: method, headers)
        return response.headers
    }

    private static func crossOrigin(_ headers: HTTPHeaders) -> [String] {
        headers.all.map(\.name).filter { $0.hasPrefix("Access-Control") }
    }

    @Test func `every answer tells browsers to guess, keep, frame and refer nothing`() {
        let headers = Self.answer(.get, origin: "", allowing: [])
        #expect(headers["X-Content-Type-Options"] == "nosniff")
        #expect(headers["Referrer-Policy"] == "no-referrer")
        #expect(headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'")
        #expect(headers["Cross-Origin-Resource-Policy"] == "same-origin")
        #expect(headers["Cache-Control"] == "no-store")
        #expect(!headers.contains("Strict-Transport-Security") && !headers.contains("Vary"))
    }

    @Test func `what a route says of itself stands`() {
        let own = HTTPResponse(.ok, headers: HTTPHeaders([("Cache-Control", "no-cache")]))
        #expect(Self.answer(.get, to: own).values(of: "cache-control") == ["no-cache"])
    }

    @Test func `browsers are told to come by TLS where that is set`() {
        let headers = Self.answer(.get, tls: .seconds(600))
        #expect(headers["Strict-Transport-Security"] == "max-age=600; includeSubDomains")
    }

    @Test func `a page of an allowed origin may read answers`() {
        let headers = Self.answer(.get, origin: Self.page)
        #expect(headers["Access-Control-Allow-Origin"] == Self.page)
        #expect(headers["Vary"] == "Origin")
        #expect(headers["Access-Control-Expose-Headers"]?.contains("X-Request-Id") == true)
        #expect(!headers.contains("Access-Control-Allow-Credentials"))
        #expect(!headers.contains("Access-Control-Allow-Methods"))
    }

    @Test(arguments: [
        "https://chat.example.org.evil.example", "https://evil.example", "http://chat.example.org", "null", "*",
        "https://chat.example.org:8443", "HTTPS://CHAT.EXAMPLE.ORG", "https://chat.example.org/", "",
    ])
    func `a page of any other origin learns nothing`(origin: String) {
        for preflight in [nil, "GET"] as [String?] {
            let headers = Self.answer(preflight == nil ? .get : .options, origin: origin, preflight: preflight)
            #expect(Self.crossOrigin(headers).isEmpty)
            #expect(headers["Vary"]?.hasPrefix("Origin") == true)
        }
    }

    @Test func `two origins are none`() {
        #expect(Self.crossOrigin(Self.answer(.get, origin: Self.page, Self.page)).isEmpty)
    }

    @Test func `a preflight names what the path takes`() {
        let headers = Self.answer(.options, origin: Self.page, preflight: "GET")
        #expect(headers["Access-Control-Allow-Origin"] == Self.page)
        #expect(headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS")
        #expect(headers["Access-Control-Allow-Headers"]?.contains("Idempotency-Key") == true)
        #expect(headers["Access-Control-Max-Age"] == "7200")
        #expect(headers["Vary"] == "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
        #expect(!headers.contains("Access-Control-Allow-Credentials"))
    }

    @Test func `where no origin is allowed there are no rules between origins`() {
        #expect(Self.crossOrigin(Self.answer(.get, origin: Self.page, allowing: [])).isEmpty)
    }
}
