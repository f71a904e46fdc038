import Domain
import Messaging
import Support
import Testing

@testable import Gateway

/// Commands counted like requests.
@Suite(.realTime) struct GatewayQuotaTests {
    private static let narrow = RateQuota(tokens: 3, window: .seconds(36_000))

    @Test func `a command beyond the quota is answered with an error, and the socket stays`() async throws {
        try await GatewayFixture.run(quota: Self.narrow) { fixture in
            let ada = try await fixture.member()
            let chat = try await fixture.chat(ada)
            let (socket, _) = try await fixture.ready(ada)
            for number in 0..<4 {
                socket.send(#"{"type":"message","id":"m\#(number)","chat_id":\#(chat),"content":"hello"}"#)
            }
            let error = try await socket.frame("error")
            #expect(error.string("id") == "m3" && error.string("code") == "rate_limited")
            #expect(error.bool("retryable") == true)
            #expect(error.string("detail")?.contains("3 requests of class write in 36000 seconds") == true)
            // Another class, and what is not counted.
            socket.send(#"{"type":"read","id":"r","chat_id":\#(chat),"seq":1}"#)
            _ = try await socket.frame("ack")
            for _ in 0..<10 { socket.send(#"{"type":"ping"}"#) }
            try await socket.wait(for: "pongs") { socket.count("pong") == 10 }
            #expect(!socket.isClosed)
        }
    }

    /// What a command is but for its chat, and the class it counts as.
    static let counted: [(String, RateClass)] = [
        (#""type":"message","chat_id":{chat},"content":"x""#, .write),
        (#""type":"edit","message_id":"{chat}-1","content":"x""#, .write),
        (#""type":"delete","message_id":"{chat}-1""#, .write),
        (#""type":"react","message_id":"{chat}-1","emoji":"👍""#, .write),
        (#""type":"read","chat_id":{chat},"seq":1"#, .read),
    ]

    @Test(arguments: counted)
    func `a command counts once and as its own class, and leaves the others theirs`(
        fields: String,
        rateClass: RateClass
    ) async throws {
        try await GatewayFixture.run(writes: true, quota: Self.narrow) { fixture in
            let ada = try await fixture.member()
            let chat = try await fixture.chat(ada)
            let (socket, _) = try await fixture.ready(ada)
            func send(_ fields: String, _ id: String) {
                let fields = fields.replacing("{chat}", with: "\(chat)")
                socket.send(#"{"id":"\#(id)",\#(fields)}"#)
            }
            let quota = RatePolicy(base: Self.narrow).quota(rateClass).tokens
            for number in 0...quota { send(fields, "\(number)") }
            let error = try await socket.frame("error")
            #expect(error.string("id") == "\(quota)" && error.string("code") == "rate_limited")
            #expect(
                error.string("detail")?.contains("\(quota) requests of class \(rateClass) in 36000 seconds") == true
            )
            try await socket.wait(for: "acks of the others") { socket.count("ack") == quota }
            _ = socket.takeAll("ack")
            let other = try #require(Self.counted.first { $0.1 != rateClass })
            send(other.0, "other")
            #expect(try await socket.frame("ack").string("id") == "other")
            send(#""type":"typing","chat_id":{chat},"state":"start""#, "typing")
            #expect(try await socket.frame("ack").string("id") == "typing")
            #expect(socket.count("error") == 0 && !socket.isClosed)
        }
    }

    @Test func `all sockets of a user draw from one quota`() async throws {
        try await GatewayFixture.run(quota: Self.narrow) { fixture in
            let ada = try await fixture.member()
            let chat = try await fixture.chat(ada)
            for _ in 0..<15 {
                let (socket, _) = try await fixture.ready(ada)
                socket.send(#"{"type":"read","id":"r","chat_id":\#(chat),"seq":1}"#)
                _ = try await socket.frame("ack")
            }
            let (socket, _) = try await fixture.ready(ada)
            socket.send(#"{"type":"read","id":"late","chat_id":\#(chat),"seq":1}"#)
            #expect(try await socket.frame("error").string("code") == "rate_limited")
        }
    }

    @Test func `commands that wait to be counted keep their order, and are refused in it`() async throws {
        try await GatewayFixture.run(quota: RateQuota(tokens: 2, window: .seconds(36_000))) { fixture in
            let ada = try await fixture.member()
            let chat = try await fixture.chat(ada)
            let (socket, _) = try await fixture.ready(ada)
            for seq in 1...14 { socket.send(#"{"type":"read","id":\#(seq),"chat_id":\#(chat),"seq":1}"#) }
            try await socket.wait(for: "all answers") { socket.count("ack") + socket.count("error") == 14 }
            #expect(socket.count("ack") == 10)
        }
    }
}
