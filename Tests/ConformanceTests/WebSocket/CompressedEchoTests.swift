import IOCore
import Support
import Testing

@testable import Web
@testable import duologue_load

/// Compression on real sockets, negotiated by the HTTP server that `duologue-load echo` runs (sections 12 and 13 of the
/// Autobahn suite).
@Suite(.realTime) struct CompressedEchoTests {
    private static let limit = 262_144
    private static let both = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

    /// The client's side of a running echo server.
    private struct Scene {
        let loop: EventLoop
        let port: Int
        let resolver: BlockingPool

        func client(compression: DeflateContexts? = DeflateContexts()) async throws -> WebSocketConnection {
            try await WebSocketClient.connect(
                host: "127.0.0.1",
                port: port,
                loop: loop,
                limits: .init(frameBytes: 1 << 20, messageBytes: 1 << 20),
                compression: compression,
                outbound: .unlimited,
                resolver: resolver
            )
        }

        func peer(offering extensions: String?) async throws -> RawPeer {
            let stream = try await TCPStream.connect(
                host: "127.0.0.1",
                port: port,
                loop: loop,
                deadline: .seconds(60),
                limits: .unlimited,
                resolver: resolver
            )
            let peer = RawPeer(stream: stream, compression: agreedCompression())
            peer.open(offering: extensions)
            try await poll { !peer.answer.isEmpty }
            return peer
        }

        func poll(_ condition: () -> Bool) async throws {
            let end = loop.now + .seconds(60)
            while !condition() {
                try #require(loop.now < end, "waited in vain")
                await loop.sleep(for: .milliseconds(1))
            }
        }
    }

    private static func run(
        compresses: Bool = true,
        _ body: @escaping @Sendable (isolated LoopActor, Scene) async throws -> Void
    ) async throws {
        let group = EventLoopGroup(count: 1)
        group.start()
        let loop = EventLoop(name: "client")
        loop.start()
        let resolver = BlockingPool(name: "resolver", threads: 1, queueLimit: 8)
        defer {
            loop.stop()
            group.stop()
            resolver.shutdown()
        }
        let server = EchoResponder.server(
            port: 0,
            messageBytes: limit,
            compresses: compresses,
            on: group,
            logger: Logger(label: "test", level: .error)
        )
        let scene = Scene(loop: loop, port: try await server.listen(), resolver: resolver)
        let shutdown = ShutdownSignal()
        let result: Result<Void, any Error> = await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try? await server.run(until: shutdown) }
            defer { shutdown.trigger() }
            do {
                return .success(try await loop.run { try await body($0, scene) })
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    /// Text that compresses to about a third.
    private static func json(count: Int) -> [UInt8] {
        var text: [UInt8] = []
        var number = 1
        while text.count < count {
            number = number &* 48_271 % 2_147_483_647
            text += Array("{\"chat_id\":\(number % 100),\"offset\":\(number),\"type\":\"message.new\"},".utf8)
        }
        return Array(text.prefix(count))
    }

    @Test func `messages of every size come back, in order, compressed both ways`() async throws {
        try await Self.run { _, scene in
            let client = try await scene.client()
            #expect(client.isCompressed)
            let sizes = [0, 1, 16, 64, 255, 256, 257, 1_024, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072, 262_144]
            for count in sizes {
                let payload = Self.json(count: count)
                #expect(client.sendText(payload) && client.sendBinary(payload))
                #expect(await client.nextMessage() == .text(payload))
                #expect(await client.nextMessage() == .binary(payload))
            }
            for count in 0..<1_000 { #expect(client.sendText(Self.json(count: count))) }
            for count in 0..<1_000 { #expect(await client.nextMessage() == .text(Self.json(count: count))) }
            client.close()
            await client.waitUntilClosed()
            #expect(client.closeStatus == .init(.normal))
        }
    }

    @Test func `what a client gets is compressed, and its size is that of one message alone`() async throws {
        try await Self.run { _, scene in
            let peer = try await scene.peer(offering: "permessage-deflate")
            let payload = Self.json(count: 4_096)
            peer.send(clientFrame(.text, payload))
            try await scene.poll { peer.events == [.message(.text(payload))] }
            let first = peer.receivedBytes
            #expect(first < 2_048)
            peer.send(clientFrame(.text, deflated(payload), compressed: true))
            try await scene.poll { peer.events.count == 2 }
            #expect(peer.events.last == .message(.text(payload)) && peer.receivedBytes == 2 * first)
        }
    }

    @Test(
        arguments: [
            ("permessage-deflate", both),
            ("permessage-deflate; client_max_window_bits", both),
            ("permessage-deflate; client_no_context_takeover; client_max_window_bits=9", both),
            ("permessage-deflate; server_no_context_takeover", both),
            ("permessage-deflate; server_max_window_bits=9", "\(both); server_max_window_bits=9"),
            (
                "permessage-deflate; unknown, permessage-deflate; server_max_window_bits=15",
                "\(both); server_max_window_bits=15"
            ),
            ("permessage-deflate; server_max_window_bits=8", nil),
            ("permessage-deflate; server_max_window_bits", nil),
            ("x-webkit-deflate-frame", nil),
            (nil, nil),
        ] as [(String?, String?)]
    )
    func `an offer is answered, and echoes follow it`(offer: String?, answer: String?) async throws {
        try await Self.run { _, scene in
            let peer = try await scene.peer(offering: offer)
            #expect(peer.answer.hasPrefix("HTTP/1.1 101 "))
            let line = answer.map { "\r\nSec-WebSocket-Extensions: \($0)\r\n" }
            #expect(line.map(peer.answer.contains) ?? !peer.answer.contains("Sec-WebSocket-Extensions"))
            let payload = Self.json(count: 20_000)
            peer.send(clientFrame(.text, payload))
            try await scene.poll { peer.events == [.message(.text(payload))] }
            #expect((peer.receivedBytes < payload.count) == (answer != nil))
        }
    }

    @Test func `a malformed offer is a bad request`() async throws {
        try await Self.run { _, scene in
            let peer = try await scene.peer(offering: "permessage-deflate; =9")
            #expect(peer.answer.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test func `a server that does not compress ignores offers`() async throws {
        try await Self.run(compresses: false) { _, scene in
            let client = try await scene.client()
            #expect(!client.isCompressed)
            let peer = try await scene.peer(offering: "permessage-deflate")
            peer.send(clientFrame(.text, [0x00], compressed: true))
            try await scene.poll { peer.isClosed }
            #expect(peer.events.map(Self.closeCode) == [.protocolError])
        }
    }

    @Test(
        arguments: [
            ([0xFF, 0xFF, 0xFF], .invalidPayload),
            (deflated([UInt8](repeating: 0xFF, count: 1_000)), .invalidPayload),
            (deflated([UInt8](repeating: 0x61, count: 16 << 20)), .messageTooBig),
        ] as [([UInt8], WebSocketCloseCode)]
    )
    func `a bad compressed message closes the connection with its code`(
        payload: [UInt8],
        code: WebSocketCloseCode
    ) async throws {
        try await Self.run { _, scene in
            let peer = try await scene.peer(offering: "permessage-deflate")
            peer.send(clientFrame(.text, payload, compressed: true))
            try await scene.poll { peer.isClosed }
            #expect(peer.events.map(Self.closeCode) == [code])
            // The loop's contexts are as good as new.
            let next = try await scene.peer(offering: "permessage-deflate")
            let text = Self.json(count: 2_000)
            next.send(clientFrame(.text, deflated(text), compressed: true))
            try await scene.poll { next.events == [.message(.text(text))] }
        }
    }

    @Test func `a ping within a compressed message is answered before its end, whatever other sockets send`()
        async throws
    {
        try await Self.run { _, scene in
            let first = try await scene.peer(offering: "permessage-deflate")
            let second = try await scene.peer(offering: "permessage-deflate")
            let payload = Self.json(count: 60_000)
            let wire = deflated(payload)
            let half = wire.count / 2
            first.send(
                clientFrame(.text, Array(wire[..<half]), final: false, compressed: true) + clientFrame(.ping, [7])
            )
            try await scene.poll { first.events == [.pong([7])] }
            second.send(clientFrame(.text, wire, compressed: true))
            try await scene.poll { second.events == [.message(.text(payload))] }
            first.send(clientFrame(.continuation, Array(wire[half...])))
            try await scene.poll { first.events == [.pong([7]), .message(.text(payload))] }
        }
    }

    private static func closeCode(_ event: WebSocketMessageAssembler.Event) -> WebSocketCloseCode? {
        if case .close(let status) = event { status.code } else { nil }
    }
}
