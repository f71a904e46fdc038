import Domain
import IOCore
import Messaging
import Support
import Testing
import Web

@testable import Gateway

/// What one client may take of a gateway, and what it is told beyond that.
@Suite(.realTime) struct GatewayLimitTests {
    private static func close(of socket: TestSocket) async throws -> String {
        let status = try await socket.closeStatus()
        return "\(status.code.rawValue) \(status.reason)"
    }

    @Test func `sockets of a user are limited, and one that is refused counts for nothing`() async throws {
        try await GatewayFixture.run(perUser: 2) { fixture in
            let (ada, ben) = (try await fixture.member(), try await fixture.member())
            let (first, _) = try await fixture.ready(ada)
            _ = try await fixture.ready(ada)
            for (index, token) in [ada.token, nil, ada.token].enumerated() {
                let socket = try await fixture.open(token, first: token == nil ? ada.auth : nil)
                #expect(try await Self.close(of: socket) == "4009 too many sockets of this user")
                #expect(await fixture.becomes { fixture.ended == index + 1 })
            }
            _ = try await fixture.ready(ben)
            first.connection.close()
            #expect(await fixture.becomes { fixture.ended == 4 })
            _ = try await fixture.ready(ada)
        }
    }

    @Test func `sockets from an address are limited, whoever they say they are`() async throws {
        try await GatewayFixture.run(perAddress: 2, settings: { $0.authDeadline = .seconds(1_000) }) { fixture in
            let (ada, ben) = (try await fixture.member(), try await fixture.member())
            let (first, _) = try await fixture.ready(ada)
            _ = try await fixture.open(nil)
            for _ in 0..<3 {
                let socket = try await fixture.open(nil, first: ben.auth)
                #expect(try await Self.close(of: socket) == "4009 too many sockets from this address")
                #expect(socket.count("ready") == 0)
            }
            #expect(await fixture.becomes { fixture.ended == 3 })
            first.connection.close()
            #expect(await fixture.becomes { fixture.ended == 4 })
            _ = try await fixture.ready(ben)
        }
    }

    @Test func `so many frames may come at once, and no more`() async throws {
        try await GatewayFixture.run(settings: { $0.framesPerSecond = 2 }) { fixture in
            let ada = try await fixture.member()
            let (calm, _) = try await fixture.ready(ada)
            let (hasty, _) = try await fixture.ready(ada)
            for _ in 0..<20 { calm.send(#"{"type":"ping"}"#) }
            for _ in 0..<2_000 { hasty.send(#"{"type":"ping"}"#) }
            #expect(try await Self.close(of: hasty) == "4009 more than 2 frames a second")
            try await calm.wait(for: "pongs") { calm.count("pong") == 20 }
            #expect(hasty.count("pong") >= 20)
        }
    }

    @Test func `chats of one socket are limited, and a socket of one chat is not`() async throws {
        try await GatewayFixture.run(settings: { $0.maximumChats = 1 }) { fixture in
            let ada = try await fixture.member()
            let chats = [try await fixture.chat(ada), try await fixture.chat(ada)]
            let reason = "4009 too many chats for one socket; open one for a chat"
            #expect(try await Self.close(of: fixture.open(ada.token)) == reason)
            let one = try await fixture.open(ada.token, chat: chats[1])
            #expect(try await one.frame("ready").objects("chats").map { $0.integer("chat_id") } == [chats[1].rawValue])
        }
    }

    @Test func `an emoji too many on a message is refused under its command's id, and the socket stays`() async throws {
        try await GatewayFixture.run(writes: true, settings: { $0.framesPerSecond = 1_000 }) { fixture in
            let ada = try await fixture.member()
            let chat = try await fixture.chat(ada)
            let (socket, _) = try await fixture.ready(ada)
            func react(_ number: Int, remove: Bool = false) {
                let emoji = NumberedEmoji.text(number)
                let fields = #""message_id":"\#(chat)-1","emoji":"\#(emoji)","remove":\#(remove)"#
                socket.send(#"{"type":"react","id":"r\#(number)",\#(fields)}"#)
            }
            for number in 0...100 { react(number) }
            let error = try await socket.frame("error")
            #expect(error.string("id") == "r100" && error.string("code") == "limit_exceeded")
            #expect(error.bool("retryable") == false)
            try await socket.wait(for: "the others' acks") { socket.count("ack") == 100 }
            react(7, remove: true)
            react(100)
            try await socket.wait(for: "room for another") { socket.count("ack") == 102 }
            #expect(socket.count("error") == 0 && !socket.isClosed)
        }
    }

    @Test func `for a socket of one chat, the head of that chat alone is read`() async throws {
        try await GatewayFixture.run { fixture in
            let ada = try await fixture.member()
            let chats = [try await fixture.chat(ada), try await fixture.chat(ada), try await fixture.chat(ada)]
            let one = try await fixture.open(ada.token, chat: chats[1])
            _ = try await one.frame("ready")
            let directory = fixture.hub.directory
            #expect(!directory.readOnly.isEmpty && directory.readOnly.allSatisfy { $0 == chats[1] })
            #expect(directory.toldHeads.map(\.chat) == [chats[1]])
            let known = directory.readOnly.count
            let all = try await fixture.open(ada.token)
            _ = try await all.frame("ready")
            let later = directory.readOnly.dropFirst(known)
            #expect(!later.isEmpty && later.allSatisfy { $0 == nil })
        }
    }

    @Test func `a silent peer is asked to speak, and one that does not is dead`() async throws {
        try await GatewayFixture.run { fixture in
            let ada = try await fixture.member()
            let (socket, session) = try await fixture.ready(ada)
            let zero = Timestamp(milliseconds: 0)
            let heard = socket.connection.lastReceived
            await fixture.loop.sleep(for: .milliseconds(1))
            let asked = fixture.loop.now
            session.checkDeadlines(now: asked + .seconds(16), time: zero)
            #expect(await fixture.becomes { socket.connection.lastReceived > heard }, "the ping has come")
            // Whatever it answered, it did so after that.
            session.checkDeadlines(now: asked + .seconds(44), time: zero)
            #expect(session.isOpen)
            session.checkDeadlines(now: fixture.loop.now + .seconds(46), time: zero)
            #expect(!session.isOpen)
            #expect(await fixture.becomes { fixture.ended == 1 })
        }
    }

    @Test func `a peer that is not read counts as silent only after that`() async throws {
        try await GatewayFixture.run(settings: { $0.framesPerSecond = 1_000 }) { fixture in
            let ada = try await fixture.member()
            let chat = try await fixture.chat(ada)
            let (socket, session) = try await fixture.ready(ada)
            let gate = Gate()
            fixture.marks.hold = { [loop = fixture.loop] in await gate.wait(loop) }
            for _ in 0..<200 { socket.send(#"{"type":"read","chat_id":\#(chat),"seq":1}"#) }
            #expect(await fixture.becomes { session.inFlight == 64 })
            session.checkDeadlines(now: fixture.loop.now + .seconds(1_000), time: Timestamp(milliseconds: 0))
            #expect(session.isOpen)
            gate.isOpen = true
            try await socket.wait(for: "all answers") { socket.count("ack") == 200 }
        }
    }

    @Test func `a peer that takes nothing for half a minute is given up`() async throws {
        let limits = OutboundLimits.unlimited
        try await GatewayFixture.run(settings: { $0.silenceLimit = .seconds(10_000) }) { fixture in
            let ada = try await fixture.member()
            let (slow, stalled) = try await fixture.ready(ada, limits: limits)
            let (quick, reading) = try await fixture.ready(ada, limits: limits)
            slow.isPaused = true
            let frame = SharedFrame.text(
                Array(#"{"type":"filler","text":"\#(String(repeating: "x", count: 65_536))"}"#.utf8)
            )
            for _ in 0..<64 { for session in [stalled, reading] { session.deliver(frame) } }
            try await quick.wait(for: "all frames") { quick.count("filler") == 64 }
            let begin = fixture.loop.now
            for (seconds, isOpen) in [(0, true), (29, true), (31, false)] {
                for session in [stalled, reading] {
                    session.checkDeadlines(now: begin + .seconds(seconds), time: Timestamp(milliseconds: 0))
                }
                #expect(stalled.isOpen == isOpen && reading.isOpen, "after \(seconds) seconds")
            }
        }
    }

    @Test func `a peer that takes less than it is sent loses what may be lost, and is then told`() async throws {
        let limits = OutboundLimits(bytes: 1 << 20, frames: 1_000)
        try await GatewayFixture.run { fixture in
            let ada = try await fixture.member()
            let (socket, session) = try await fixture.ready(ada, limits: limits)
            socket.isPaused = true
            let text = String(repeating: "x", count: 16_384)
            func frame(_ type: String) -> SharedFrame {
                SharedFrame.text(Array(#"{"type":"\#(type)","text":"\#(text)"}"#.utf8))
            }
            var passing = 0
            while session.isOpen, passing < 10_000 {
                session.deliverEphemeral(frame("passing"))
                passing += 1
                session.deliver(frame("lasting"))
            }
            #expect(!session.isOpen)
            socket.isPaused = false
            #expect(try await Self.close(of: socket) == "4008 the client reads too slowly")
            #expect(socket.count("passing") > 0)
            #expect(socket.count("lasting") > socket.count("passing") + 16)
        }
    }
}
