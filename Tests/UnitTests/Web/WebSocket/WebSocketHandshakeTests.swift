import Testing

@testable import Web

@Suite struct WebSocketHandshakeTests {
    private static let valid = [
        "host": ["chat.example"], "upgrade": ["websocket"], "connection": ["Upgrade"],
        "sec-websocket-version": ["13"], "sec-websocket-key": ["dGhlIHNhbXBsZSBub25jZQ=="],
    ]

    private func handshake(
        method: String = "GET",
        version: (Int, Int) = (1, 1),
        changing changes: [String: [String]] = [:]
    ) throws -> WebSocketHandshake {
        let headers = Self.valid.merging(changes) { $1 }
        return try WebSocketHandshake(method: method, httpVersion: version) { headers[$0] ?? [] }
    }

    private func status(
        method: String = "GET",
        version: (Int, Int) = (1, 1),
        changing changes: [String: [String]] = [:]
    ) -> Int? {
        do {
            _ = try handshake(method: method, version: version, changing: changes)
            return nil
        } catch {
            return (error as? WebSocketHandshakeError)?.status
        }
    }

    @Test func `the key of the RFC gets the answer of the RFC`() throws {
        #expect(WebSocketHandshake.accept(forKey: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        let response = try handshake().response(subprotocol: "chat")
        let expected =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
        #expect(String(decoding: response, as: UTF8.self) == expected)
    }

    @Test func `tokens are found in lists, in any case and over several fields`() {
        #expect(status(changing: ["connection": ["keep-alive, uPgRaDe"]]) == nil)
        #expect(status(changing: ["connection": ["keep-alive", "\tupgrade "], "upgrade": ["h2c , WebSocket"]]) == nil)
        #expect(status(changing: ["connection": ["upgraded"]]) == 426)
    }

    @Test(
        arguments: [
            ["upgrade": []], ["upgrade": ["h2c"]], ["connection": ["keep-alive"]], ["sec-websocket-version": []],
            ["sec-websocket-version": ["8"]], ["sec-websocket-version": ["13", "13"]],
        ] as [[String: [String]]]
    )
    func `a request for something else is told what to upgrade to`(changes: [String: [String]]) {
        do {
            _ = try handshake(changing: changes)
            Issue.record("it was taken")
        } catch {
            let refusal = error as? WebSocketHandshakeError
            #expect(refusal?.status == 426)
            #expect(refusal?.headers.contains { $0 == ("Sec-WebSocket-Version", "13") } == true)
        }
    }

    @Test(
        arguments: [
            ["host": []], ["host": [""]], ["host": ["a", "b"]], ["sec-websocket-key": []],
            ["sec-websocket-key": ["dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="]],
            ["sec-websocket-key": ["dG9vIHNob3J0"]], ["sec-websocket-key": ["not base64 at all!!!!!!"]],
            ["content-length": ["5"]], ["transfer-encoding": ["chunked"]], ["sec-websocket-protocol": ["a b"]],
        ] as [[String: [String]]]
    )
    func `a malformed request is refused`(changes: [String: [String]]) {
        #expect(status(changing: changes) == 400)
    }

    @Test func `another method or version of HTTP is refused`() {
        #expect(status(method: "POST") == 405)
        #expect(status(version: (1, 0)) == 400)
        #expect(status(version: (2, 0)) == 400)
    }

    @Test func `the client's first subprotocol that the server speaks is chosen`() throws {
        let offer = try handshake(changing: ["sec-websocket-protocol": ["bearer.a.b-c_d, v2", "v1"]])
        #expect(offer.offeredSubprotocols == ["bearer.a.b-c_d", "v2", "v1"])
        #expect(offer.subprotocol(among: ["v1", "v2"]) == "v2")
        #expect(offer.subprotocol(among: ["V1"]) == nil)
    }

    @Test func `a comma in quotes does not part extensions`() throws {
        #expect(HeaderList.elements(of: ["a; x=\"1,2\", b"]) == ["a; x=\"1,2\"", "b"])
    }

    @Test func `extensions are read from several fields, in order`() throws {
        let offer = try handshake(changing: ["sec-websocket-extensions": ["a; x=\"1\"; y,b", "c;z=2"]])
        let expected = ["a; x=1; y", "b", "c; z=2"].compactMap(WebSocketExtension.init(parsing:))
        #expect(offer.offeredExtensions == expected && expected.count == 3)
        #expect(expected[0].parameters.map(\.name) == ["x", "y"] && expected[0].parameters.map(\.value) == ["1", nil])
    }

    @Test(arguments: ["a;", "a; =1", "a; x=", "a; x=\"1,2\"", "a; x=\"1", "a b", "; x", "a; x=1=2", "a;;x"])
    func `malformed extensions are refused, whatever they are`(header: String) {
        #expect(status(changing: ["sec-websocket-extensions": [header]]) == 400)
        #expect(status(changing: ["sec-websocket-extensions": ["permessage-deflate", header]]) == 400)
    }
}

@Suite struct WebSocketClientHandshakeTests {
    private let handshake = WebSocketClientHandshake(
        host: "chat.example",
        path: "/ws",
        headers: [(name: "Origin", value: "https://chat.example")],
        subprotocols: ["v1", "v2"],
        offersCompression: false,
        key: "dGhlIHNhbXBsZSBub25jZQ=="
    )
    private let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    private let upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nconnection: keep-alive, Upgrade"

    private func code(_ head: String) -> WebSocketClientError.Code? {
        do {
            _ = try handshake.verify(head)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `the request says all that the RFC asks for`() {
        let expected =
            "GET /ws HTTP/1.1\r\nHost: chat.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Protocol: v1, v2\r\nOrigin: https://chat.example\r\n\r\n"
        #expect(String(decoding: handshake.request, as: UTF8.self) == expected)
    }

    @Test func `a right answer gives the subprotocol`() throws {
        #expect(try handshake.verify("\(upgrade)\r\n\(accept)") == .init(subprotocol: nil, isCompressed: false))
        let chosen = try handshake.verify("\(upgrade)\r\n\(accept)\r\nSec-WebSocket-Protocol: v2")
        #expect(chosen == .init(subprotocol: "v2", isCompressed: false))
    }

    @Test func `a wrong answer is refused`() {
        #expect(code("HTTP/1.1 401 Unauthorized") == .rejected)
        #expect(code("nonsense") == .invalidResponse)
        #expect(code(upgrade) == .invalidResponse)
        #expect(code("\(upgrade)\r\nSec-WebSocket-Accept: AAAA") == .invalidResponse)
        #expect(code("\(upgrade)\r\n\(accept)\r\nSec-WebSocket-Protocol: v3") == .invalidResponse)
        #expect(code("\(upgrade)\r\n\(accept)\r\nSec-WebSocket-Extensions: x") == .invalidResponse)
        #expect(code("HTTP/1.1 101 OK\r\nUpgrade: websocket\r\n\(accept)") == .invalidResponse)
    }
}
