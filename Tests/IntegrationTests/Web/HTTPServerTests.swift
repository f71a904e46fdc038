import IOCore
import Support
import Testing
import Web

private func text(_ response: HTTPClientResponse) -> String { String(decoding: response.body, as: UTF8.self) }

@Suite(.realTime) struct HTTPServerTests {
    @Test func `a connection carries many requests`() async throws {
        try await TestServer.run(loops: 2) { _, server, _ in
            let client = try await server.connect()
            for id in 1...20 {
                let response = try await client.send(.get, "/items/\(id)")
                #expect(response.status == 200)
                #expect(text(response) == String(id))
                #expect(response.headers.contains("date"))
                #expect(!response.headers.contains("server"))
                #expect(response.keepsAlive)
            }
            client.close()
        }
    }

    @Test func `a request for a whole address is one for its path`() async throws {
        try await TestServer.run { _, server, _ in
            let client = try await server.connect()
            for (target, id) in [("http://x/items/7?y=1", 7), ("HTTPS://x.example:8443/items/8", 8), ("/items/9", 9)] {
                let response = try await client.send(.get, target)
                #expect(response.status == 200 && text(response) == String(id))
            }
            #expect(try await client.send(.get, "http://x").status == 404)
            #expect(try await client.send(.get, "http://u@x/items/7").status == 400)
        }
    }

    @Test func `fifty requests in one write are answered in order`() async throws {
        try await TestServer.run { _, server, _ in
            let client = try await server.connect()
            let requests = (1...50).map { "GET /items/\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
            try client.sendRaw(Array(requests.utf8))
            for id in 1...50 { #expect(text(try await client.receive()) == String(id)) }
            client.close()
        }
    }

    @Test func `a request that a handler does not answer in time gets 503, and its late answer is dropped`()
        async throws
    {
        var limits = HTTPLimits()
        limits.answerTimeout = .milliseconds(50)
        limits.sweepInterval = .milliseconds(10)
        try await TestServer.run(limits: limits) { _, server, _ in
            let client = try await server.connect()
            let response = try await client.send(.get, "/held")
            #expect(response.status == 503)
            #expect(response.headers["retry-after"] == "1")
            #expect(!response.keepsAlive)
            server.held.release()
            try await client.waitForClose()
            let other = try await server.connect()
            #expect(try await other.send(.get, "/hello").status == 200)
            other.close()
        }
    }

    @Test func `a request split at any byte is understood`() async throws {
        try await TestServer.run { _, server, _ in
            let request = Array("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".utf8)
            let client = try await server.connect()
            for cut in 1..<request.count {
                try client.sendRaw(Array(request[..<cut]))
                await server.clientLoop.sleep(for: .milliseconds(1))
                try client.sendRaw(Array(request[cut...]))
                #expect(text(try await client.receive()) == "abc")
            }
            client.close()
        }
    }

    @Test func `a chunked body is decoded`() async throws {
        try await TestServer.run { _, server, _ in
            let client = try await server.connect()
            let head = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            try client.sendRaw(Array((head + "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n").utf8))
            #expect(text(try await client.receive()) == "abc0123456789")
            #expect(text(try await client.send(.get, "/hello")) == "hello")
            client.close()
        }
    }

    @Test func `continue comes before a body that will be taken, and not before one that will not`() async throws {
        try await TestServer.run { _, server, _ in
            let head = "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "
            let client = try await server.connect()
            try client.sendRaw(Array((head + "3\r\n\r\n").utf8))
            await server.clientLoop.sleep(for: .milliseconds(20))
            try client.sendRaw(Array("abc".utf8))
            #expect(text(try await client.receive()) == "abc")
            client.close()
            let large = try await server.connect()
            try large.sendRaw(Array((head + "999999\r\n\r\n").utf8))
            #expect(try await large.receive().status == 413)
            large.close()
        }
    }

    @Test func `HEAD tells the length and sends no body`() async throws {
        try await TestServer.run { _, server, _ in
            let client = try await server.connect()
            let head = try await client.send(.head, "/hello")
            #expect(head.headers["content-length"] == "5")
            #expect(head.body.isEmpty)
            #expect(text(try await client.send(.get, "/hello")) == "hello")
            client.close()
        }
    }

    @Test func `HTTP 1.0 closes unless asked to stay`() async throws {
        try await TestServer.run { _, server, _ in
            let client = try await server.connect()
            try client.sendRaw(Array("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".utf8))
            #expect(try await client.receive().headers["connection"] == "keep-alive")
            try client.sendRaw(Array("GET /hello HTTP/1.0\r\n\r\n".utf8))
            #expect(try await client.receive().headers["connection"] == "close")
            try await client.waitForClose()
        }
    }

    @Test func `a body larger than any queue arrives whole`() async throws {
        try await TestServer.run { _, server, _ in
            let client = try await server.connect()
            let response = try await client.send(.get, "/large")
            #expect(response.body.count == 4 * 1024 * 1024)
            #expect(text(try await client.send(.get, "/hello")) == "hello")
            client.close()
        }
    }

    @Test func `every answer carries the request's identity`() async throws {
        try await TestServer.run { _, server, _ in
            let client = try await server.connect()
            let own = HTTPHeaders([("X-Request-Id", "abc-1")])
            #expect(try await client.send(.get, "/hello", headers: own).headers["x-request-id"] == "abc-1")
            let missing = try await client.send(.get, "/missing", headers: own)
            #expect(missing.status == 404)
            #expect(missing.headers["x-request-id"] == "abc-1")
            #expect(text(missing).contains(#""request_id":"abc-1""#))
            #expect(try await client.send(.delete, "/hello").headers["x-request-id"] != nil)
            let bad = HTTPHeaders([("X-Request-Id", "a b")])
            #expect(try await client.send(.get, "/hello", headers: bad).headers["x-request-id"] != "a b")
            try client.sendRaw(Array("GET / HTTP/1.1\r\n\r\n".utf8))
            #expect(try await client.receive().headers["x-request-id"] != nil)
        }
    }

    @Test func `an upgrade hands over the stream with what came behind the request`() async throws {
        try await TestServer.run { _, server, _ in
            let client = try await server.connect()
            let request =
                "GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nHTTP/1.1 204 x\r\n\r\n"
            try client.sendRaw(Array(request.utf8))
            let switching = try await client.receive()
            #expect(switching.status == 101)
            #expect(switching.headers["upgrade"] == "echo")
            #expect(switching.headers["x-own"] == "1")
            #expect(try await client.receive().status == 204)
            try client.sendRaw(Array("HTTP/1.1 205 y\r\nContent-Length: 0\r\n\r\n".utf8))
            #expect(try await client.receive().status == 205)
            client.close()
        }
    }

    @Test func `a drain answers what is under way and closes what is idle`() async throws {
        try await TestServer.run { _, server, shutdown in
            let idle = try await server.connect()
            _ = try await idle.send(.get, "/hello")
            let busy = try await server.connect()
            try busy.sendRaw(Array("GET /held HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
            try await eventually("the handler has the request") { server.held.isBegun }
            shutdown.trigger()
            // Its end shows that the drain is under way.
            try await idle.waitForClose()
            server.held.release()
            let response = try await busy.receive()
            #expect(text(response) == "held")
            #expect(response.headers["connection"] == "close")
            try await busy.waitForClose()
            let late = try? await server.connect()
            #expect(late == nil)
        }
    }
}
