import JSON
import Testing

@testable import DuologueClient

/// Frames of the server, and what the client writes.
struct ClientContractTests {
    @Test
    func `the frames of a connection's beginning are read`() throws {
        #expect(
            try frame(#"{"type":"hello","heartbeat_ms":15000,"epoch":"e","max_frame_bytes":131072}"#)
                == .hello(heartbeat: .seconds(15), epoch: "e", maximumFrameBytes: 131_072)
        )
        guard
            case .ready(let user, "e", let heads) = try frame(
                #"{"type":"ready","user_id":7,"epoch":"e","chats":[{"chat_id":42,"last_seq":9,"last_offset":12,"read_seq":3,"unread":6}]}"#
            )
        else { throw DuologueError(.contract, "no ready") }
        #expect(user == 7)
        #expect(heads.map(\.id) == [42])
        #expect(heads.first?.lastOffset == 12)
        #expect(heads.first?.unread == 6)
        #expect(
            try frame(
                #"{"type":"resumed","chats":[{"chat_id":1,"from":3,"to":5},{"chat_id":2,"reset":true,"last_offset":900},{"chat_id":3,"gone":true}]}"#
            ) == .resumed([1: .complete(upTo: 5), 2: .reset(lastOffset: 900), 3: .gone])
        )
    }

    @Test
    func `acks, errors, heartbeats and what passes are read`() throws {
        #expect(
            try frame(
                #"{"type":"ack","id":3,"message_id":"42-8","chat_id":42,"seq":8,"offset":9,"created_at":"1970-01-02T00:00:00.001Z","duplicate":true}"#
            )
                == .ack(
                    .init(
                        number: 3,
                        message: .init(chat: 42, sequence: 8),
                        offset: 9,
                        createdAt: .init(millisecondsSince1970: 86_400_001),
                        isDuplicate: true
                    )
                )
        )
        guard
            case .error(3?, let error) = try frame(
                #"{"type":"error","id":3,"code":"overloaded","detail":"busy","retryable":true}"#
            )
        else { throw DuologueError(.contract, "no error") }
        #expect(error.code == .overloaded && error.isRetryable)
        #expect(try frame(#"{"type":"heartbeat","heads":{"42":2051}}"#) == .heartbeat([42: 2_051]))
        #expect(
            try frame(#"{"type":"typing.start","chat_id":1,"user_id":2}"#) == .passing(.typing(1, 2, isTyping: true))
        )
        #expect(
            try frame(#"{"type":"presence","user_id":2,"status":"dnd","last_seen":null}"#)
                == .passing(.presence(2, .doNotDisturb, lastSeen: nil))
        )
        #expect(
            try frame(#"{"type":"receipt","chat_id":1,"user_id":2,"read_seq":3}"#)
                == .passing(.receipt(1, 2, readSequence: 3))
        )
        #expect(try frame(#"{"type":"pong","id":1}"#) == .other)
    }

    @Test
    func `an event of a later server, or one that cannot be read, still has its place`() throws {
        #expect(
            try frame(#"{"type":"poll.opened","chat_id":1,"offset":4,"poll":{}}"#)
                == .event(ChatEvent(chat: 1, offset: 4, kind: .other(type: "poll.opened")))
        )
        #expect(
            try frame(#"{"type":"message.new","chat_id":1,"offset":5,"message":{}}"#)
                == .event(ChatEvent(chat: 1, offset: 5, kind: .other(type: "message.new")))
        )
        #expect(try frame(#"{"type":"news"}"#) == .other)
    }

    @Test(arguments: [
        "", "[]", "{", "{}", #"{"type":7}"#, #"{"type":"ready"}"#, #"{"type":"heartbeat","heads":{"x":1}}"#,
    ])
    func `what is no frame of the contract is refused`(text: String) {
        #expect(throws: DuologueError.self) { try frame(text) }
    }

    @Test(arguments: [
        "1970-01-01T00:00:00.000Z", "2000-02-29T12:30:59.999Z", "2026-01-31T23:59:59.001Z", "2100-12-31T00:00:00.500Z",
    ])
    func `times read back as they were written`(text: String) {
        #expect(DuologueClient.Timestamp(text)?.description == text)
    }

    @Test(arguments: [
        "", "2026-02-30T00:00:00.000Z", "2026-13-01T00:00:00.000Z", "2026-01-01 00:00:00.000Z", "2026-01-01T00:00:00Z",
    ])
    func `what is no time is none`(text: String) {
        #expect(DuologueClient.Timestamp(text) == nil)
    }

    @Test
    func `nothing can be written into a path but its own parts`() {
        let emoji = "👍/../x?y=1&z"
        let path: RequestPath = "/messages/\("42-8")/reactions/\(emoji)"
        #expect(path.text == "/messages/42-8/reactions/%F0%9F%91%8D%2F..%2Fx%3Fy%3D1%26z")
        let longer = path.with("cursor", "a b").with("limit", 5).with("none", nil as String?)
        #expect(longer.text == path.text + "?cursor=a%20b&limit=5")
    }

    @Test(arguments: [
        ("http://example.org", "example.org", 80), ("http://10.0.0.1:8080/", "10.0.0.1", 8080),
        ("http://[::1]:81", "::1", 81),
    ])
    func `a server's address is read`(text: String, host: String, port: Int) throws {
        let url = try ServerURL(text)
        #expect(url.host == host && url.port == port)
    }

    @Test(arguments: [
        "", "example.org", "https://example.org", "http://", "http://a:0", "http://a/b", "http://u@a", "http://[::1",
    ])
    func `what is no server's address is refused`(text: String) {
        #expect(throws: DuologueError.self) { try ServerURL(text) }
    }

    private func frame(_ text: String) throws -> ServerFrame { try ServerFrame(parsing: Array(text.utf8)) }
}
