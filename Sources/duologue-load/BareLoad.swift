internal import Domain
internal import IOCore
internal import Messaging

/// As many closed-loop callers as a load over WebSocket has, straight at the stores.
///
/// Loop-bound.
final class BareLoad {
    private let size: Crowd.Size
    private let stores: DirectStores
    private let batcher: BareBatcher
    private let tool: Tool
    private var places: [(user: UserID, chat: ChatID)] = []
    private var figures = LoadFigures()
    private var number = 0

    /// A load without users and chats yet.
    init(_ size: Crowd.Size, stores: DirectStores, tool: Tool) {
        self.size = size
        self.stores = stores
        self.tool = tool
        batcher = BareBatcher(stores: stores, loop: tool.loop)
    }

    /// Makes the users and chats.
    ///
    /// - Throws: `StoreError`, or the `Failure` something was refused with.
    func prepare() async throws {
        var usernames = Usernames(run: tool.run)
        var users: [UserID] = []
        for index in 0..<size.senders {
            let name = usernames.make(from: "bare\(index)")
            // No password has this hash: nobody can log in.
            let user = try await stores.accounts.register(
                username: name,
                email: "\(name)@load.example.org",
                passwordHash: "none",
                fullName: nil
            )
            users.append(user.id)
        }
        for number in 0..<size.chats {
            let members = users.indices.filter { $0 % size.chats == number }.map { users[$0] }
            let chat = try await makeChat(number, of: members)
            places += members.map { ($0, chat) }
        }
    }

    private func makeChat(_ number: Int, of members: [UserID]) async throws -> ChatID {
        let chat = try await stores.log.nextChatID()
        let draft = ChatDraft(
            type: .group,
            name: "bare \(tool.run) \(number)",
            participants: Array(members.dropFirst())
        )
        let operation = OperationCodec.operation(
            chat: chat,
            actor: members[0],
            id: .random(),
            body: .createChat(draft)
        )
        let batch = BatchID.random()
        let results = try await stores.log.commit(batch, [operation], dropping: [], wait: true)
        guard case .committed = results.first else {
            throw LoadError(.refused, "a chat was not made: \(results)")
        }
        // It makes no document, and nobody is connected who would be told.
        try await stores.log.drop([batch])
        return chat
    }

    /// Has all callers write, and returns what they saw together.
    ///
    /// - Throws: what a caller was refused with.
    func run(warmup: Duration, length: Duration) async throws -> LoadFigures {
        let window = LoadWindow(now: tool.loop.now, warmup: warmup, length: length)
        figures = LoadFigures()
        figures.duration = length
        let bound = LoopBound(self, loop: tool.loop)
        let loop = tool.loop
        try await Fan.out(over: places.count, atMost: places.count, on: loop) { _, index in
            try await bound.value.call(index, window)
        }
        return figures
    }

    /// Performs the writes until `stop()`; to be run in a task group while callers run.
    func serve() async { await batcher.run() }

    /// Ends `serve()`.
    func stop() { batcher.stop() }

    private func call(_ index: Int, _ window: LoadWindow) async throws {
        let (user, chat) = places[index]
        while tool.loop.now < window.end {
            number += 1
            let id = OperationID.random()
            let content = LoadText.make(number: number, size: size.contentBytes)
            let draft = MessageDraft(content: content, clientMessageID: id)
            let begun = tool.loop.now
            let operation = OperationCodec.operation(chat: chat, actor: user, id: id, body: .createMessage(draft))
            do {
                _ = try await batcher.submit(operation)
            } catch {
                figures.errors["\(error)", default: 0] += 1
                continue
            }
            guard window.contains(tool.loop.now) else { continue }
            figures.acked += 1
            figures.latencies.record(tool.loop.now - begun)
        }
    }
}

extension BareLoad {
    /// Runs `body` with a prepared load over open stores.
    ///
    /// On the loop only.
    static func with<Value: Sendable>(
        _ size: Crowd.Size,
        _ location: DirectStores.Location,
        _ tool: Tool,
        _ body: (BareLoad) async throws -> Value
    ) async throws -> Value {
        try await DirectStores.with(location, tool) { stores in
            let load = BareLoad(size, stores: stores, tool: tool)
            try await load.prepare()
            let bound = LoopBound(load, loop: tool.loop)
            let loop = tool.loop
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask(executorPreference: loop) {
                    await loop.actor.run { _ in await bound.value.serve() }
                }
                defer { load.stop() }
                return try await body(load)
            }
        }
    }
}
