import Testing

@testable import Web

@Suite struct PerMessageDeflateTests {
    private static let both = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

    /// The answer to offers in one header; nil when the connection goes without.
    private func answer(_ header: String) -> String? {
        let elements = HeaderList.elements(of: [header])
        let offers = elements.compactMap(WebSocketExtension.init(parsing:))
        #expect(offers.count == elements.count, "the header is to be well-formed")
        return PerMessageDeflate.accept(offers)?.response
    }

    @Test(
        arguments: [
            "", "; client_no_context_takeover", "; server_no_context_takeover", "; client_max_window_bits",
            "; client_max_window_bits=8", "; client_max_window_bits=\"15\"",
            "; client_max_window_bits; server_no_context_takeover; client_no_context_takeover",
        ]
    )
    func `an offer is answered with both ends forgetting their windows`(parameters: String) {
        #expect(answer("permessage-deflate\(parameters)") == Self.both)
    }

    @Test(arguments: 9...15) func `a limit of the server's window is kept and named`(bits: Int) {
        let offer = "permessage-deflate; server_max_window_bits=\(bits); client_max_window_bits"
        #expect(answer(offer) == "\(Self.both); server_max_window_bits=\(bits)")
    }

    @Test(
        arguments: [
            "server_max_window_bits", "server_max_window_bits=7", "server_max_window_bits=16",
            "server_max_window_bits=08", "server_max_window_bits=+9", "server_max_window_bits=8",
            "client_max_window_bits=7", "client_max_window_bits=16", "client_max_window_bits=x",
            "server_no_context_takeover=1", "client_no_context_takeover=true",
            "client_max_window_bits; client_max_window_bits=10", "unknown", "Server_no_context_takeover",
        ]
    )
    func `an offer that is not understood is declined, and the next one is looked at`(parameters: String) {
        #expect(answer("permessage-deflate; \(parameters)") == nil)
        #expect(answer("permessage-deflate; \(parameters), permessage-deflate") == Self.both)
    }

    @Test func `the first offer that can be taken is taken, other extensions are passed over`() {
        #expect(answer("x-webkit-deflate-frame") == nil)
        #expect(answer("permessage-bzip2; level=9, permessage-deflate") == Self.both)
        let preferring = "permessage-deflate; server_max_window_bits=10, permessage-deflate"
        #expect(answer(preferring) == "\(Self.both); server_max_window_bits=10")
    }

    @Test func `a client takes only an answer to what it offered`() throws {
        func isAnswer(_ text: String) throws -> Bool {
            PerMessageDeflate.answersOffer(try #require(WebSocketExtension(parsing: text)))
        }
        #expect(try isAnswer(Self.both))
        #expect(try isAnswer("permessage-deflate; server_no_context_takeover; server_max_window_bits=8"))
        #expect(try !isAnswer("permessage-deflate"))
        #expect(try !isAnswer("permessage-deflate; client_no_context_takeover"))
        #expect(try !isAnswer("\(Self.both); client_max_window_bits=15"))
        #expect(try !isAnswer("\(Self.both); unknown"))
        #expect(try !isAnswer("permessage-bzip2; server_no_context_takeover"))
    }

    @Test func `a client that offers compression says so, and takes it or goes without`() throws {
        let handshake = WebSocketClientHandshake(
            host: "chat.example",
            path: "/",
            headers: [],
            subprotocols: [],
            offersCompression: true,
            key: "dGhlIHNhbXBsZSBub25jZQ=="
        )
        let request = String(decoding: handshake.request, as: UTF8.self)
        #expect(request.contains("\r\nSec-WebSocket-Extensions: \(Self.both)\r\n"))
        let head =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        #expect(try !handshake.verify(head).isCompressed)
        #expect(try handshake.verify("\(head)\r\nSec-WebSocket-Extensions: \(Self.both)").isCompressed)
        #expect(throws: WebSocketClientError.self) {
            try handshake.verify("\(head)\r\nSec-WebSocket-Extensions: \(Self.both), \(Self.both)")
        }
    }
}
