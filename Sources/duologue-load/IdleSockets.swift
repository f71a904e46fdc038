internal import IOCore
internal import Web

/// Many sockets that do nothing.
///
/// Loop-bound.
final class IdleSockets {
    private let users: [LoadUser]
    private let tool: Tool
    private let compression: DeflateContexts?
    private let bell: Bell
    private var sockets: [ChatSocket] = []
    private var openCount = 0
    private var pongs = 0

    private static let concurrency = 32

    /// Sockets of these users, in turn; they may offer compression.
    init(users: [LoadUser], compresses: Bool, tool: Tool) {
        self.users = users
        compression = compresses ? DeflateContexts() : nil
        self.tool = tool
        bell = Bell(loop: tool.loop)
    }

    /// Opens so many more sockets.
    ///
    /// - Throws: the first `LoadError`.
    func open(_ count: Int) async throws {
        let bound = LoopBound(self, loop: tool.loop)
        try await Fan.out(over: count, atMost: Self.concurrency, on: tool.loop) { _, index in
            try await bound.value.openOne(index)
        }
    }

    private func openOne(_ index: Int) async throws {
        let socket = try await ChatSocket.open(
            index,
            as: users[index % users.count],
            compression: compression,
            loop: tool.loop,
            resolver: tool.resolver,
            owner: self
        )
        sockets.append(socket)
        openCount += 1
    }

    /// How many of the sockets answer a ping within ten seconds.
    func ping() async -> Int {
        pongs = 0
        for socket in sockets { _ = socket.ping() }
        let end = tool.loop.now + .seconds(10)
        while pongs < sockets.count {
            if await bell.wait(until: end) { break }
        }
        return pongs
    }

    /// Closes all, and waits up to ten seconds until they are closed.
    func close() async {
        for socket in sockets { socket.close() }
        let end = tool.loop.now + .seconds(10)
        while openCount > 0 {
            if await bell.wait(until: end) { break }
        }
        sockets = []
    }
}

extension IdleSockets: ChatSocketOwner {
    func socket(_ socket: ChatSocket, received frame: ServerFrame) {
        guard frame == .pong else { return }
        pongs += 1
        if pongs == sockets.count { bell.ring() }
    }

    func socketClosed(_ socket: ChatSocket, reason: String) {
        openCount -= 1
        if openCount == 0 { bell.ring() }
    }
}
