import IOCore
import Support
import Synchronization

@testable import Redis

/// Something that happened, told to whoever looks.
final class EndSign: Sendable {
    private let state = Atomic(false)
    var isRaised: Bool { state.load(ordering: .relaxed) }
    func raise() { state.store(true, ordering: .relaxed) }
}

/// What publishing to a channel came to.
struct Outcomes: Sendable {
    let channel: String
    var failures: [RedisError] = []
}

extension Heard {
    func messageCounts(of channels: [String]) -> [Int] { channels.map { messages(of: $0).count } }
}

extension RedisFixture {
    /// Subscribes to 64 channels, of which every master has some.
    func hearChannelsOfAllMasters() async throws -> (heard: Heard, channels: [String]) {
        let heard = Heard()
        let channels = (0..<64).map { "events:{\($0)}" }
        try await withSubscriber { subscriber in
            heard.listen(to: subscriber)
            try await subscriber.subscribe(channels)
        }
        return (heard, channels)
    }

    /// Who serves a key or channel, as the client has it.
    func owner(of key: String) async -> RedisAddress? {
        await withClient { try? $0.link(forKey: key).address }
    }

    /// The channels of each master the cluster starts with.
    func channels(_ channels: [String], byMasterOf cluster: PrivateRedisCluster) async -> [[String]] {
        var groups: [[String]] = []
        for master in 0..<PrivateRedisCluster.masterCount {
            var group: [String] = []
            for channel in channels where await owner(of: channel)?.port == cluster.port(of: master) {
                group.append(channel)
            }
            groups.append(group)
        }
        return groups
    }

    /// Publishes growing numbers every few milliseconds.
    func publish(to channel: String, until end: EndSign) async throws -> Outcomes {
        var outcomes = Outcomes(channel: channel)
        var number = 0
        while !end.isRaised {
            number += 1
            do throws(RedisError) {
                let bytes = [UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)]
                try await send(RedisCommands.Publish(bytes, to: channel))
            } catch {
                outcomes.failures.append(error)
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        return outcomes
    }

    /// Waits until a node calls itself a master.
    func waitForMaster(_ cluster: PrivateRedisCluster, _ index: Int) async throws {
        try await RedisFixture.run(url: cluster.url(of: index)) { node in
            try await eventually("node \(index) is a master") {
                guard case .array(let parts) = try await node.send(RedisCommands.Raw("ROLE")) else { return false }
                return parts.first == .string(Array("master".utf8))
            }
        }
    }
}

/// A node of a cluster that says it serves every slot and sends everyone who believes that to itself.
final class FakeClusterNode: TCPStreamDelegate {
    /// The commands it did not run.
    private(set) var commands = 0
    private let loop: EventLoop
    private var streams: [TCPStream] = []
    private var listener: TCPListener?

    init(loop: EventLoop) { self.loop = loop }

    func listen() throws -> Int {
        let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: loop) { [weak self] in self?.accept($0) }
        self.listener = listener
        return listener.localPort
    }

    func close() {
        listener?.close()
        for stream in streams { stream.close() }
    }

    private func accept(_ descriptor: Int32) {
        guard let stream = try? TCPStream(adopting: descriptor, loop: loop) else { return }
        stream.delegate = self
        streams.append(stream)
        stream.startReading()
    }

    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
        let text = String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
        let port = listener?.localPort ?? 0
        let answer: String
        if text.contains("SETNAME") {
            answer = "+OK\r\n"
        } else if text.contains("SLOTS") {
            answer = "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$0\r\n\r\n:\(port)\r\n"
        } else {
            commands += 1
            answer = "-MOVED 1 127.0.0.1:\(port)\r\n"
        }
        _ = stream.send(Frame(Array(answer.utf8)))
    }

    func stream(_ stream: TCPStream, didCloseWith error: IOError?) {}
    func streamDidDrain(_ stream: TCPStream) {}
}
