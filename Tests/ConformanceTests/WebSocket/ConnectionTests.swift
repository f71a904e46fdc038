import IOCore
import Support
import Testing
import Web

/// Takes ten messages at a time.
private final class Receiver: WebSocketReceiver {
    private(set) var messages: [WebSocketMessage] = []
    private(set) var closes = 0

    func webSocket(_ connection: WebSocketConnection, didReceive message: WebSocketMessage) -> Bool {
        messages.append(message)
        return messages.count % 10 != 0
    }

    func webSocketDidClose(_ connection: WebSocketConnection) { closes += 1 }
}

/// Real sockets: `WebSocketClient` and raw peers against a server on `WebSocketConnection`.
@Suite(.realTime) struct ConnectionTests {
    private static let resolver = BlockingPool(name: "resolver", threads: 1, queueLimit: 8)

    private static func client(
        _ loop: EventLoop,
        _ port: Int,
        subprotocols: [String] = [],
        limits: WebSocketLimits = .init()
    ) async throws -> WebSocketConnection {
        try await WebSocketClient.connect(
            host: "127.0.0.1",
            port: port,
            subprotocols: subprotocols,
            loop: loop,
            limits: limits,
            outbound: .unlimited,
            resolver: resolver
        )
    }

    private static func peer(_ loop: EventLoop, _ port: Int) async throws -> RawPeer {
        let stream = try await TCPStream.connect(
            host: "127.0.0.1",
            port: port,
            loop: loop,
            deadline: .seconds(60),
            limits: .unlimited,
            resolver: resolver
        )
        return RawPeer(stream: stream)
    }

    @Test func `messages of every size come back in order, and the close is clean on both sides`() async throws {
        try await withEchoServer { actor, server, port in
            let client = try await Self.client(actor.loop, port, subprotocols: ["other", "echo"])
            #expect(client.subprotocol == "echo")
            for count in [0, 1, 125, 126, 127, 128, 65_535, 65_536, 131_072] {
                let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 % 127) }
                #expect(client.sendText(payload))
                #expect(client.sendBinary(payload))
                #expect(await client.nextMessage() == .text(payload))
                #expect(await client.nextMessage() == .binary(payload))
            }
            client.close(.goingAway, reason: "done")
            #expect(await client.nextMessage() == nil)
            await client.waitUntilClosed()
            #expect(client.closeStatus == .init(.goingAway, "done"))
            #expect(!client.sendText([]))
            try await server.poll { server.endings == [.init(.goingAway, "done")] }
        }
    }

    @Test func `frames right behind the handshake are not lost`() async throws {
        try await withEchoServer { actor, server, port in
            let peer = try await Self.peer(actor.loop, port)
            peer.open(then: clientText("early") + clientFrame(.ping, [1]))
            try await server.poll { peer.events.count == 2 }
            #expect(peer.events.contains(.message(text("early"))) && peer.events.contains(.pong([1])))
        }
    }

    @Test func `a stream in single bytes is understood`() async throws {
        try await withEchoServer { actor, server, port in
            let peer = try await Self.peer(actor.loop, port)
            peer.open()
            for byte in clientText("κόσμε", final: false) + clientFrame(.continuation, Array(" 😀".utf8)) {
                peer.send([byte])
                peer.stream.flush()
                await actor.loop.sleep(for: .zero)
            }
            try await server.poll { peer.events == [.message(text("κόσμε 😀"))] }
        }
    }

    @Test func `ten pings at once get ten pongs in order`() async throws {
        try await withEchoServer { actor, server, port in
            let peer = try await Self.peer(actor.loop, port)
            peer.open(then: (0..<10).flatMap { clientFrame(.ping, [UInt8($0)]) })
            try await server.poll { peer.events.count == 10 }
            #expect(peer.events == (0..<10).map { .pong([$0]) })
        }
    }

    @Test func `of a thousand pings at once the last is answered, not all`() async throws {
        try await withEchoServer { actor, server, port in
            let peer = try await Self.peer(actor.loop, port)
            peer.open(then: (0..<1_000).flatMap { clientFrame(.ping, [UInt8($0 >> 8), UInt8($0 & 0xFF)]) })
            try await server.poll { peer.events.last == .pong([3, 231]) }
            #expect(peer.events.count < 100)
        }
    }

    @Test func `a breach of the protocol is answered with its code and the connection is closed`() async throws {
        let breaches: [(bytes: [UInt8], code: WebSocketCloseCode)] = [
            (WebSocketFrameEncoder.encode(.text, [0x61]), .protocolError),
            ([0xF1, 0x80, 0, 0, 0, 0], .protocolError),
            (clientFrame(.text, [0x61, 0xFF]), .invalidPayload),
            (clientFrame(.binary, .init(repeating: 0, count: 400_000)), .messageTooBig),
            (clientFrame(.close, [0x03, 0xED]), .protocolError),
        ]
        try await withEchoServer { actor, server, port in
            for (bytes, code) in breaches {
                let peer = try await Self.peer(actor.loop, port)
                peer.open(then: clientText("before"))
                try await server.poll { peer.events.count == 1 }
                peer.send(bytes)
                try await server.poll { peer.isClosed }
                #expect(peer.closeError == nil)
                #expect(peer.events.first == .message(text("before")))
                guard case .close(let status)? = peer.events.last else {
                    Issue.record("no close for \(code)")
                    continue
                }
                #expect(status.code == code)
            }
            try await server.poll { server.endings.map(\.code) == breaches.map(\.code) }
        }
    }

    @Test func `a close is echoed, and what follows it is ignored`() async throws {
        try await withEchoServer { actor, server, port in
            for (payload, code) in [([], .noStatus), ([0x0F, 0xA0], .init(rawValue: 4000))]
                as [([UInt8], WebSocketCloseCode)]
            {
                let peer = try await Self.peer(actor.loop, port)
                let rest = clientFrame(.ping) + clientText("late") + clientFrame(.close)
                peer.open(then: clientText("a") + clientFrame(.close, payload) + rest)
                try await server.poll { peer.isClosed }
                let expected: [WebSocketMessageAssembler.Event] = [.close(.init(code))]
                #expect(peer.events.filter { $0 != .message(text("a")) } == expected)
            }
        }
    }

    @Test func `a peer that never answers a close is dropped after the timeout`() async throws {
        try await withEchoServer { actor, server, port in
            let peer = try await Self.peer(actor.loop, port)
            peer.open()
            try await server.poll { server.connections.count == 1 }
            let start = actor.loop.now
            server.connections[0].close(.init(rawValue: 4008), reason: "slow")
            server.connections[0].close(.normal)
            try await server.poll { peer.isClosed }
            #expect(actor.loop.now - start >= EchoServer.closeTimeout - .milliseconds(10))
            #expect(peer.events == [.close(.init(.init(rawValue: 4008), "slow"))])
            try await server.poll { server.endings == [.init(.init(rawValue: 4008), "slow")] }
        }
    }

    @Test func `a slow consumer is refused at the limit, and its close does not wait for it`() async throws {
        try await withEchoServer { actor, server, port in
            let peer = try await Self.peer(actor.loop, port)
            peer.open()
            try await server.poll { server.connections.count == 1 }
            peer.stream.stopReading()
            let connection = server.connections[0]
            let frame = SharedFrame.text(.init(repeating: 0x61, count: 60_000))
            let end = actor.loop.now + .seconds(60)
            while connection.send(frame) {
                try #require(actor.loop.now < end)
                await actor.loop.sleep(for: .zero)
            }
            #expect(connection.queuedBytes > 190_000 && connection.queuedBytes <= 256 * 1024)
            connection.close(.init(rawValue: 4008))
            #expect(!connection.isOpen)
            try await server.poll { server.endings.count == 1 }
        }
    }

    @Test func `a close with a full queue reaches a peer that reads again`() async throws {
        try await withEchoServer { actor, server, port in
            let peer = try await Self.peer(actor.loop, port)
            peer.open()
            try await server.poll { server.connections.count == 1 }
            let connection = server.connections[0]
            let frame = SharedFrame.text([UInt8](repeating: 0x61, count: 200))
            var sent = 0
            while connection.send(frame) { sent += 1 }
            #expect(connection.queuedFrames == 1_000)
            connection.close(.init(rawValue: 4008))
            try await server.poll { peer.events.count == sent + 1 }
            #expect(peer.events.last == .close(.init(.init(rawValue: 4008))))
        }
    }

    @Test func `a consumer that stops is not fed more than its inbox, and loses nothing`() async throws {
        try await withEchoServer { actor, server, port in
            server.isConsuming = false
            let client = try await Self.client(actor.loop, port)
            for number in 0..<5_000 { #expect(client.sendText(Array("\(number)".utf8))) }
            try await server.poll { server.connections.first?.isReadingPaused == true }
            #expect(server.consumed == 0)
            server.isConsuming = true
            for number in 0..<5_000 { #expect(await client.nextMessage() == text("\(number)")) }
            client.close()
            await client.waitUntilClosed()
        }
    }

    @Test func `closing with a full inbox ends the consumer and still finds the peer's answer`() async throws {
        try await withEchoServer { actor, server, port in
            server.isConsuming = false
            let client = try await Self.client(actor.loop, port)
            for number in 0..<5_000 { #expect(client.sendText(Array("\(number)".utf8))) }
            try await server.poll { server.connections.first?.isReadingPaused == true }
            let start = actor.loop.now
            server.connections[0].close(.goingAway)
            await client.waitUntilClosed()
            #expect(actor.loop.now - start < EchoServer.closeTimeout)
            #expect(client.closeStatus == .init(.goingAway))
            #expect(await server.connections[0].nextMessage() == nil)
            server.isConsuming = true
        }
    }

    @Test func `a connection cut off ends its consumer with 1006`() async throws {
        try await withEchoServer { actor, server, port in
            let peer = try await Self.peer(actor.loop, port)
            peer.open(then: clientText("a") + [0x81])
            try await server.poll { peer.events.count == 1 }
            peer.stream.close()
            try await server.poll { server.endings == [.init(.abnormal)] }
        }
    }

    @Test func `messages sent before a close are delivered before the end`() async throws {
        try await withEchoServer { actor, server, port in
            let client = try await Self.client(actor.loop, port)
            for number in 0..<10 { #expect(client.sendText(Array("\(number)".utf8))) }
            client.close()
            await client.waitUntilClosed()
            try await server.poll { server.endings == [.init(.normal)] }
            #expect(server.consumed == 10)
        }
    }

    @Test func `life shows in lastReceived, by pongs too`() async throws {
        try await withEchoServer { actor, server, port in
            let client = try await Self.client(actor.loop, port)
            let before = client.lastReceived
            #expect(client.sendPing([1]))
            try await server.poll { client.lastReceived > before }
            client.close()
            await client.waitUntilClosed()
        }
    }

    @Test func `a receiver gets every message in order, waits when it wants, and hears of the end once`() async throws {
        try await withEchoServer { actor, server, port in
            let client = try await Self.client(actor.loop, port)
            let receiver = Receiver()
            client.receive(with: receiver)
            for number in 0..<500 { #expect(client.sendText(Array("\(number)".utf8))) }
            for taken in stride(from: 10, through: 500, by: 10) {
                try await server.poll { receiver.messages.count == taken }
                client.receive(with: receiver)
            }
            #expect(receiver.messages == (0..<500).map { text("\($0)") })
            client.close()
            await client.waitUntilClosed()
            client.receive(with: receiver)
            #expect(receiver.closes == 1)
        }
    }

    @Test func `fragments sent one by one are one message`() async throws {
        try await withEchoServer { actor, server, port in
            let client = try await Self.client(actor.loop, port)
            #expect(client.sendFragment(.text, Array("one ".utf8), isFinal: false))
            #expect(client.sendPing())
            #expect(client.sendFragment(.continuation, Array("two".utf8), isFinal: true))
            #expect(await client.nextMessage() == text("one two"))
            client.close()
            await client.waitUntilClosed()
        }
    }

    @Test func `a server that is none is reported as what it is`() async throws {
        try await withEchoServer { actor, server, port in
            var accepted: TCPStream?
            let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: actor.loop) { descriptor in
                accepted = try? TCPStream(adopting: descriptor, loop: actor.loop)
                _ = accepted?.send(Frame(Array("HTTP/1.1 503 Busy\r\n\r\n".utf8)))
            }
            do {
                _ = try await Self.client(actor.loop, listener.localPort)
                Issue.record("it connected")
            } catch let error as WebSocketClientError {
                #expect(error.code == .rejected && error.status == 503)
            }
            listener.close()
            do {
                _ = try await Self.client(actor.loop, listener.localPort)
                Issue.record("it connected")
            } catch let error as WebSocketClientError {
                #expect(error.code == .connection)
            }
            _ = accepted
        }
    }
}
