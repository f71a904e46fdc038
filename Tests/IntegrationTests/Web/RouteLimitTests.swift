import IOCore
import JSON
import Support
import Testing
import Web

/// What each route accepts, and what every answer says to browsers, as seen from outside.
@Suite(.realTime) struct RouteLimitTests {
    private static func code(_ response: HTTPClientResponse) -> String? {
        guard case .object(let problem)? = try? JSONValue(parsing: response.body) else { return nil }
        return problem.string("code")
    }

    @Test func `a body beyond its route's limit is refused before it comes`() async throws {
        try await TestServer.run { _, server, _ in
            let client = try await server.connect()
            #expect(try await client.send(.post, "/short", body: Array("12345678".utf8)).status == 200)
            #expect(try await client.send(.post, "/echo", body: Array("123456789".utf8)).status == 200)
            try client.sendRaw(Array("POST /short HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n".utf8))
            let refused = try await client.receive()
            #expect(refused.status == 413 && Self.code(refused) == "payload_too_large" && !refused.keepsAlive)
            client.close()
            let chunked = try await server.connect()
            let head = "POST /short HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            try chunked.sendRaw(Array((head + "5\r\n12345\r\n4\r\n6789\r\n").utf8))
            #expect(try await chunked.receive().status == 413)
            chunked.close()
        }
    }

    @Test func `a route that takes longer than its own limit is answered for`() async throws {
        var limits = HTTPLimits()
        limits.sweepInterval = .milliseconds(10)
        try await TestServer.run(limits: limits) { _, server, _ in
            defer { server.held.release() }
            let client = try await server.connect()
            let response = try await client.send(.get, "/short/held")
            #expect(response.status == 503 && Self.code(response) == "overloaded")
            #expect(response.headers["retry-after"] == "1")
            client.close()
        }
    }

    @Test func `refusals of the connection carry what every answer carries`() async throws {
        let page = "https://chat.example.org"
        try await TestServer.run(answers: AnswerPolicy(allowedOrigins: [page])) { _, server, _ in
            let client = try await server.connect()
            let large = "POST /short HTTP/1.1\r\nHost: a\r\nOrigin: \(page)\r\nContent-Length: 9\r\n\r\n"
            try client.sendRaw(Array(large.utf8))
            let refused = try await client.receive()
            #expect(refused.headers["X-Content-Type-Options"] == "nosniff")
            #expect(refused.headers["Access-Control-Allow-Origin"] == page)
            client.close()
            let other = try await server.connect()
            try other.sendRaw(Array("nonsense\r\n\r\n".utf8))
            let malformed = try await other.receive()
            #expect(malformed.status == 400 && malformed.headers["X-Content-Type-Options"] == "nosniff")
            #expect(malformed.headers["Cache-Control"] == "no-store")
            #expect(!malformed.headers.contains("Access-Control-Allow-Origin"))
            other.close()
        }
    }

    @Test func `a preflight is answered for the path it asks about`() async throws {
        let page = "https://chat.example.org"
        try await TestServer.run(answers: AnswerPolicy(allowedOrigins: [page])) { _, server, _ in
            let client = try await server.connect()
            func preflight(_ path: String, from origin: String) async throws -> HTTPClientResponse {
                let headers = HTTPHeaders([("Origin", origin), ("Access-Control-Request-Method", "POST")])
                return try await client.send(.options, path, headers: headers)
            }
            let allowed = try await preflight("/echo", from: page)
            #expect(allowed.status == 204 && allowed.headers["Access-Control-Allow-Methods"] == "OPTIONS, POST")
            #expect(allowed.headers["Access-Control-Allow-Origin"] == page)
            let nowhere = try await preflight("/none", from: page)
            #expect(nowhere.status == 404 && !nowhere.headers.contains("Access-Control-Allow-Methods"))
            let refused = try await preflight("/echo", from: "https://evil.example")
            #expect(!refused.headers.all.contains { $0.name.hasPrefix("Access-Control") })
            client.close()
        }
    }
}
