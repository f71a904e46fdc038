internal import IOCore

/// Many sockets in chats of three sizes, each chat with one message a second.
///
/// Loop-bound.
final class RealtimeCrowd {
    private let tool: Tool
    private let users: [LoadUser]
    private var sockets: [RealtimeSocket] = []
    private var senders: [(socket: RealtimeSocket, chat: Int64)] = []
    private var deaf: [RealtimeSocket] = []
    private(set) var faults: [String: Int] = [:]
    private(set) var delivered = 0
    private var latencies = LatencyRecorder()
    private var isSending = false

    private static let concurrency = 64

    /// A crowd without sockets.
    init(users: [LoadUser], tool: Tool) {
        self.users = users
        self.tool = tool
    }

    /// Opens a socket for each sender, and then so many, the users taking turns.
    ///
    /// - Throws: the first error.
    func open(_ count: Int, chats: [(chat: Int64, founder: LoadUser)]) async throws {
        for (chat, founder) in chats {
            senders.append((try await RealtimeSocket.open(as: founder, tool: tool, observer: self), chat))
        }
        let bound = LoopBound(self, loop: tool.loop)
        try await Fan.out(over: count, atMost: Self.concurrency, on: tool.loop) { _, index in
            let crowd = bound.value
            let user = crowd.users[index % crowd.users.count]
            crowd.sockets.append(try await RealtimeSocket.open(as: user, tool: crowd.tool, observer: crowd))
        }
    }

    /// Opens so many sockets more that never read again once they are ready.
    ///
    /// - Throws: the first error.
    func openDeaf(_ count: Int) async throws {
        for index in 0..<count {
            deaf.append(
                try await RealtimeSocket.open(
                    as: users[index % users.count],
                    reads: false,
                    tool: tool,
                    observer: self
                )
            )
        }
    }

    /// Sends one message a second to every chat, spread over the second, until `stop()`.
    func send(bytes: Int) {
        isSending = true
        for index in senders.indices {
            let delay = Duration.seconds(1) * index / senders.count
            tool.loop.schedule(after: delay) { [weak self] in self?.sendNext(index, bytes) }
        }
    }

    /// Sends no more.
    func stop() { isSending = false }

    /// The deliveries and their latencies since the last call.
    func takeFigures() -> (delivered: Int, latencies: LatencyRecorder) {
        defer { (delivered, latencies) = (0, LatencyRecorder()) }
        return (delivered, latencies)
    }

    /// Cuts so many sockets at once, waits, and has them all come back within `spread`, each at a random moment of it.
    ///
    /// - Returns: how long it took from the first that came back until the last was told `resumed`, and how long each took.
    func storm(_ count: Int, away: Duration, spread: Duration) async throws -> (all: Duration, each: LatencyRecorder) {
        let leaving = Array(sockets.prefix(count))
        for socket in leaving { socket.cut() }
        await tool.loop.sleep(for: away)
        let begin = tool.loop.now
        let returned = Returned()
        let bound = LoopBound((self, leaving, returned), loop: tool.loop)
        try await Fan.out(over: count, atMost: count, on: tool.loop) { [tool] _, index in
            let (crowd, leaving, returned) = bound.value
            await tool.loop.sleep(for: spread * Double.random(in: 0..<1))
            let start = tool.loop.now
            let earlier = leaving[index]
            crowd.sockets[index] = try await RealtimeSocket.open(
                as: earlier.user,
                after: earlier,
                tool: tool,
                observer: crowd
            )
            returned.latencies.record(tool.loop.now - start)
        }
        return (tool.loop.now - begin, returned.latencies)
    }

    /// Cuts all.
    func close() { for socket in sockets + deaf + senders.map(\.socket) { socket.cut() } }

    private func sendNext(_ index: Int, _ bytes: Int) {
        guard isSending else { return }
        senders[index].socket.send(to: senders[index].chat, bytes: bytes)
        tool.loop.schedule(after: .seconds(1)) { [weak self] in self?.sendNext(index, bytes) }
    }

    private final class Returned {
        var latencies = LatencyRecorder()
    }
}

extension RealtimeCrowd: RealtimeObserver {
    func received(stamp: Int64) {
        delivered += 1
        latencies.record(.microseconds(RealtimeStamp.now() - stamp))
    }

    func fault(_ what: String) { faults[what, default: 0] += 1 }
}
