import Domain
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
