import IOCore
import Support
import Testing
import Web

/// Checks that the server, whatever was sent to it, goes on serving others.
private func expectServing(_ server: TestServer) async throws {
    let client = try await server.connect()
    #expect(try await client.send(.get, "/hello").status == 200)
    client.close()
}

/// Limits with one deadline shortened, so that no other can end the connection first.
private func impatient(_ deadline: WritableKeyPath<HTTPLimits, Duration>) -> HTTPLimits {
    var limits = HTTPLimits()
    limits[keyPath: deadline] = .milliseconds(200)
    limits.sweepInterval = .milliseconds(20)
    return limits
}

@Suite(.realTime) struct HTTPAttackTests {
    @Test(arguments: [
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET", 400),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naXX0\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\r\nHost: a\r\n x\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\nHost: a\n\n", 400),
        ("GET /hello HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n", 400),
        ("GET /hello HTTP/3.0\r\nHost: a\r\n\r\n", 505),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", 417),
        ("GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 9000))\r\n\r\n", 431),
        ("GET /hello HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: y\r\n", count: 100))\r\n", 431),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", 413),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n", 413),
    ])
    func `what could smuggle or flood is refused and the connection ends`(request: String, status: Int) async throws {
        try await TestServer.run(limits: impatient(\.lingerTimeout)) { _, server, _ in
            let client = try await server.connect()
            try client.sendRaw(Array(request.utf8))
            let response = try await client.receive()
            #expect(response.status.code == status)
            #expect(response.headers["connection"] == "close")
            #expect(response.headers["content-type"] == "application/problem+json")
            #expect(response.headers["x-request-id"] != nil)
            try await client.waitForClose()
            try await expectServing(server)
        }
    }

    @Test(arguments: [
        ("GET /hello?ticket=x HTTP/1.1\r\n\r\n", "/hello"),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "/hello"),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "/echo"),
        ("GET http://a/hello?x HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", "/hello"),
        ("GET hello<b> HTTP/1.1\r\nHost: a\r\n\r\n", "/"),
        ("GET /hello HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "/"),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n", "/"),
        ("GET /hello HTTP/3.0\r\nHost: a\r\n\r\n", "/"),
        ("GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: a\r\n\r\n", "/"),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 9000))\r\n\r\n", "/"),
        // Nothing is left of the request before it.
        ("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\nHost: a\n\n", "/"),
    ])
    func `a refusal of the connection names the path if that was read, and nothing unchecked`(
        request: String,
        instance: String
    ) async throws {
        try await TestServer.run(limits: impatient(\.lingerTimeout)) { _, server, _ in
            let client = try await server.connect()
            try client.sendRaw(Array(request.utf8))
            var response = try await client.receive()
            if response.status == 200 { response = try await client.receive() }
            let refusal = String(decoding: response.body, as: UTF8.self)
            #expect(refusal.contains(#""instance":"\#(instance)","#) && refusal.contains(#""detail":""#))
        }
    }

    @Test func `a refused body names the path, without a query that may hold a secret`() async throws {
        try await TestServer.run(limits: impatient(\.lingerTimeout)) { _, server, _ in
            let client = try await server.connect()
            try client.sendRaw(Array("POST /echo?ticket=x HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n".utf8))
            let refusal = String(decoding: try await client.receive().body, as: UTF8.self)
            #expect(refusal.contains(#""instance":"/echo","#))
        }
    }

    @Test func `a refusal reaches a client that is still sending its body`() async throws {
        try await TestServer.run(limits: HTTPLimits()) { _, server, _ in
            let client = try await server.connect()
            try client.sendRaw(Array("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n".utf8))
            try client.sendRaw([UInt8](repeating: 120, count: 3_000_000))
            #expect(try await client.receive().status == 413)
            try await client.waitForClose()
        }
    }

    @Test func `a head that trickles in is cut off`() async throws {
        try await TestServer.run(limits: impatient(\.headTimeout)) { _, server, _ in
            let client = try await server.connect()
            for byte in Array("GET /hello HTTP/1.1\r\nHost: a\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy".utf8) {
                do { try client.sendRaw([byte]) } catch { break }
                await server.clientLoop.sleep(for: .milliseconds(10))
            }
            #expect(try await client.receive().status == 408)
            try await expectServing(server)
        }
    }

    @Test func `a body that does not come is cut off`() async throws {
        try await TestServer.run(limits: impatient(\.bodyTimeout)) { _, server, _ in
            let client = try await server.connect()
            try client.sendRaw(Array("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab".utf8))
            #expect(try await client.receive().status == 408)
            try await client.waitForClose()
        }
    }

    @Test func `an idle connection is closed without a word`() async throws {
        try await TestServer.run(limits: impatient(\.idleTimeout)) { _, server, _ in
            var client = try await server.connect()
            // One that was idle for too long before it was asked anything is closed no less.
            try await eventually("a request is answered") {
                if (try? await client.send(.get, "/hello")) != nil { return true }
                client = try await server.connect()
                return false
            }
            let more = try? await client.receive()
            #expect(more == nil)
            // Closed already, not merely silent for as long as the client was willing to wait.
            try await client.waitForClose(deadline: .zero)
        }
    }

    @Test func `a handler may take longer than any deadline of the connection`() async throws {
        var limits = HTTPLimits()
        limits.sweepInterval = .milliseconds(20)
        for deadline in [\HTTPLimits.idleTimeout, \.headTimeout, \.bodyTimeout, \.writeTimeout] {
            limits[keyPath: deadline] = .seconds(1)
        }
        try await TestServer.run(limits: limits) { _, server, _ in
            let request = Array("GET /held HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
            var client = try await server.connect()
            try? client.sendRaw(request)
            try await eventually("the handler has the request") {
                if server.held.isBegun { return true }
                // Idle for too long before it came to ask.
                if !client.isOpen {
                    client = try await server.connect()
                    try? client.sendRaw(request)
                }
                return false
            }
            await server.clientLoop.sleep(for: .milliseconds(1_500))
            server.held.release()
            #expect(try await client.receive().status == 200)
            client.close()
        }
    }

    @Test func `a client that asks and does not read holds one response and is closed`() async throws {
        try await TestServer.run(limits: impatient(\.writeTimeout)) { _, server, _ in
            let client = try await server.connect()
            let requests = String(repeating: "GET /large HTTP/1.1\r\nHost: a\r\n\r\n", count: 50)
            let (stream, _) = client.release()
            _ = stream.send(Frame(Array(requests.utf8)))
            stream.flush()
            // Many times the deadline, for a busy machine: nobody can see from here that the server gave up.
            await server.clientLoop.sleep(for: .seconds(5))
            let watcher = CloseWatcher()
            stream.delegate = watcher
            stream.startReading()
            let end = ContinuousClock.now + .seconds(20)
            while !watcher.isClosed, ContinuousClock.now < end { await server.clientLoop.sleep(for: .milliseconds(5)) }
            #expect(watcher.isClosed)
            #expect(watcher.received < 50 * 4 * 1024 * 1024)
            try await expectServing(server)
        }
    }

    @Test func `a body cut off by its sender harms nobody`() async throws {
        try await TestServer.run { _, server, _ in
            for _ in 0..<20 {
                let client = try await server.connect()
                try client.sendRaw(Array("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhalf".utf8))
                await server.clientLoop.sleep(for: .milliseconds(1))
                client.close()
            }
            try await expectServing(server)
        }
    }

    @Test func `one connection too many is told so`() async throws {
        var limits = HTTPLimits()
        limits.connections = 2
        try await TestServer.run(limits: limits) { [limits] _, server, _ in
            var clients: [HTTPClient] = []
            for _ in 0..<limits.connections {
                let client = try await server.connect()
                #expect(try await client.send(.get, "/hello").status == 200)
                clients.append(client)
            }
            let extra = try await server.connect()
            #expect(try await extra.receive().status == 503)
            clients[0].close()
            let end = ContinuousClock.now + .seconds(20)
            var served = false
            while !served, ContinuousClock.now < end {
                let next = try await server.connect()
                served = (try? await next.send(.get, "/hello").status == 200) ?? false
                next.close()
            }
            #expect(served)
            clients[1].close()
        }
    }
}

/// Counts what arrives and notices the end.
private final class CloseWatcher: TCPStreamDelegate {
    private(set) var received = 0
    private(set) var isClosed = false
    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) { received += bytes.count }
    func stream(_ stream: TCPStream, didCloseWith error: IOError?) { isClosed = true }
    func streamDidDrain(_ stream: TCPStream) {}
}
