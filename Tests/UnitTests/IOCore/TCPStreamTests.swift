import Glibc
import IOCore
import Support
import Testing

/// Sends back what it reads, until the peer closes.
private final class Echo: TCPStreamDelegate {
    var stream: TCPStream?
    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
        var copy: [UInt8] = []
        for index in bytes.indices { copy.append(bytes[index]) }
        _ = stream.send(Frame(copy))
    }
    func stream(_ stream: TCPStream, didCloseWith error: IOError?) { self.stream = nil }
    func streamDidDrain(_ stream: TCPStream) {}
}

/// Gathers what it reads until enough has come.
private final class Sink: TCPStreamDelegate {
    var received: [UInt8] = []
    var closed = 0
    var wanted = Int.max
    var continuation: CheckedContinuation<Void, Never>?
    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
        for index in bytes.indices { received.append(bytes[index]) }
        if received.count >= wanted { finish() }
    }
    func stream(_ stream: TCPStream, didCloseWith error: IOError?) {
        closed += 1
        finish()
    }
    func streamDidDrain(_ stream: TCPStream) {}
    func finish() {
        continuation?.resume()
        continuation = nil
    }
}

@Suite struct TCPStreamTests {
    private let resolver = BlockingPool(name: "resolver", threads: 1, queueLimit: 8)

    @Test func `a megabyte comes back byte for byte`() async throws {
        let payload = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let received = try await onLoop { actor in
            let echo = Echo()
            let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: actor.loop) { descriptor in
                echo.stream = try? TCPStream(adopting: descriptor, loop: actor.loop, limits: .unlimited)
                echo.stream?.delegate = echo
                echo.stream?.startReading()
            }
            let stream = try await TCPStream.connect(
                host: "localhost",
                port: listener.localPort,
                loop: actor.loop,
                deadline: .seconds(60),
                limits: .unlimited,
                resolver: resolver
            )
            let sink = Sink()
            sink.wanted = payload.count
            stream.delegate = sink
            stream.startReading()
            for start in stride(from: 0, to: payload.count, by: 10_000) {
                _ = stream.send(Frame(Array(payload[start..<(start + 10_000)])))
            }
            await withCheckedContinuation { sink.continuation = $0 }
            stream.close()
            listener.close()
            return sink.received
        }
        #expect(received == payload)
    }

    @Test func `a reader that stops makes the queue refuse at its limit`() async throws {
        let (refusedAt, closes) = try await onLoop { actor in
            var accepted: TCPStream?
            let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: actor.loop) { descriptor in
                accepted = try? TCPStream(adopting: descriptor, loop: actor.loop)
            }
            let stream = try await TCPStream.connect(
                host: "127.0.0.1",
                port: listener.localPort,
                loop: actor.loop,
                deadline: .seconds(60),
                limits: OutboundLimits(bytes: 100_000, frames: 1_000),
                resolver: resolver
            )
            let sink = Sink()
            stream.delegate = sink
            var sent = 0
            while sent < 100_000_000, stream.send(Frame(Array(repeating: 0, count: 50_000))) {
                sent += 50_000
                stream.flush()
            }
            let queued = stream.queuedBytes
            stream.close()
            stream.close()
            listener.close()
            _ = accepted
            return (queued, sink.closed)
        }
        #expect(refusedAt > 50_000 && refusedAt <= 100_000)
        #expect(closes == 1)
    }

    @Test func `much in one tick passes where the peer reads`() async throws {
        let accepted = try await onLoop { actor in
            let sink = Sink()
            var stream: TCPStream?
            let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: actor.loop) { descriptor in
                stream = try? TCPStream(adopting: descriptor, loop: actor.loop)
                stream?.delegate = sink
                stream?.startReading()
            }
            let sender = try await TCPStream.connect(
                host: "127.0.0.1",
                port: listener.localPort,
                loop: actor.loop,
                deadline: .seconds(60),
                limits: OutboundLimits(bytes: 10_000, frames: 100),
                resolver: resolver
            )
            sink.wanted = 50_000
            var accepted = 0
            for _ in 0..<1_000 where sender.send(Frame(Array(repeating: 1, count: 50))) { accepted += 1 }
            await withCheckedContinuation { sink.continuation = $0 }
            sender.close()
            stream?.close()
            listener.close()
            return (accepted, sink.received.count)
        }
        #expect(accepted == (1_000, 50_000))
    }

    @Test func `a stream that ends its sending side still reads, and its peer sees the end behind the last byte`()
        async throws
    {
        try await onLoop { actor in
            var descriptors: [Int32] = [-1, -1]
            #expect(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &descriptors) == 0)
            let peer = descriptors[1]
            defer { close(peer) }
            let stream = try TCPStream(adopting: descriptors[0], loop: actor.loop)
            let sink = Sink()
            stream.delegate = sink
            stream.startReading()
            #expect(stream.send(Frame([1, 2, 3])))
            stream.finishSending()
            #expect(!stream.send(Frame([4])))
            stream.flush()
            var buffer = [UInt8](repeating: 0, count: 8)
            #expect(unsafe recv(peer, &buffer, 8, Int32(MSG_DONTWAIT)) == 3)
            #expect(unsafe recv(peer, &buffer, 8, Int32(MSG_DONTWAIT)) == 0)
            sink.wanted = 2
            let late: [UInt8] = [5, 6]
            #expect(unsafe write(peer, late, 2) == 2)
            await withCheckedContinuation { sink.continuation = $0 }
            #expect(sink.received == late)
            #expect(sink.closed == 0)
            stream.close()
        }
    }

    @Test func `a reset behind unread bytes still ends the stream`() async throws {
        let (received, closes) = try await onLoop { actor in
            var accepted: Int32 = -1
            let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: actor.loop) { accepted = $0 }
            let stream = try await TCPStream.connect(
                host: "127.0.0.1",
                port: listener.localPort,
                loop: actor.loop,
                deadline: .seconds(60),
                resolver: resolver
            )
            while accepted < 0 { await actor.loop.sleep(for: .milliseconds(1)) }
            let sink = Sink()
            stream.delegate = sink
            // Both are there before the stream is looked at.
            unsafe Glibc.send(accepted, "hello", 5, 0)
            var linger = linger(l_onoff: 1, l_linger: 0)
            unsafe setsockopt(accepted, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
            close(accepted)
            stream.startReading()
            let end = actor.loop.now + .seconds(60)
            while sink.closed == 0, actor.loop.now < end { await actor.loop.sleep(for: .milliseconds(1)) }
            listener.close()
            return (sink.received, sink.closed)
        }
        #expect(received == Array("hello".utf8))
        #expect(closes == 1)
    }

    @Test func `connecting to a closed port is refused and to a silent name fails typed`() async throws {
        await #expect(throws: IOError.self) {
            try await onLoop { actor in
                let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: actor.loop) { _ in }
                let port = listener.localPort
                listener.close()
                _ = try await TCPStream.connect(
                    host: "127.0.0.1",
                    port: port,
                    loop: actor.loop,
                    deadline: .seconds(60),
                    resolver: resolver
                )
            }
        }
    }
}
