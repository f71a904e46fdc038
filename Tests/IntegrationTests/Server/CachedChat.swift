import IOCore
import JSON
import Support
import Testing
import Web

/// A chat on two nodes, what it has to look like, and those who read it all the time.
///
/// Loop-bound. One change is made after the other; pages are read beside them.
final class CachedChat {
    private struct Entry: Equatable {
        var content: String?
        var reactions = 0
        var replies = 0
    }

    private let scene: ServerScene
    private let pair: NodePair
    private var random = SplitMix64(seed: 11)
    private var entries: [Entry] = []
    /// Of each message the last revision that was acknowledged.
    private var acknowledged: [Int64: Int64] = [:]
    private var isDone = false
    /// Pages that were answered.
    private(set) var reads = 0
    /// Changes that were acknowledged, by what was asked for.
    private(set) var changes: [String: Int] = [:]

    init(_ scene: ServerScene, _ pair: NodePair) {
        self.scene = scene
        self.pair = pair
    }

    private var path: String { "/chats/\(pair.chat)/messages?limit=100" }

    // MARK: Changes

    func send(_ content: String, thread: Int? = nil) async throws {
        let root = thread.map { #","thread_root":"\#(pair.chat)-\#($0)""# } ?? ""
        _ = try await call(.post, "/chats/\(pair.chat)/messages", #"{"content":"\#(content)"\#(root)}"#)
        entries.append(Entry(content: content))
        if let thread { entries[thread - 1].replies += 1 }
    }

    /// One change by Ada on either node, acknowledged.
    func change() async throws {
        let number = 2 + random.below(10)
        let message = "/messages/\(pair.chat)-\(number)"
        let entry = entries[number - 1]
        switch random.below(8) {
        case 0:
            try await send("another \(entries.count)")
            changes["message", default: 0] += 1
        case 1:
            try await send("reply \(entries.count)", thread: 1)
            changes["reply", default: 0] += 1
        case 2, 3, 4:
            guard entry.content != nil else { return try await restore(number, message) }
            let content = "edited \(random.below(100_000))"
            let answer = try await call(.put, message, #"{"content":"\#(content)"}"#)
            entries[number - 1].content = content
            acknowledged[Int64(number)] = answer.object.integer("rev")
            changes["edit", default: 0] += 1
        case 5:
            guard entry.content != nil else { return try await restore(number, message) }
            let answer = try await call(.delete, message)
            entries[number - 1] = Entry(replies: entry.replies)
            acknowledged[Int64(number)] = answer.object.integer("rev")
            changes["deletion", default: 0] += 1
        default:
            guard entry.content != nil, entry.reactions < 2 else { return try await restore(number, message) }
            let emoji = entry.reactions == 0 ? "%F0%9F%91%8D" : "%F0%9F%8E%89"
            _ = try await call(.put, "\(message)/reactions/\(emoji)")
            entries[number - 1].reactions += 1
            changes["reaction", default: 0] += 1
        }
    }

    /// Its reactions come back with it, as the answer tells.
    private func restore(_ number: Int, _ message: String) async throws {
        guard entries[number - 1].content == nil else { return }
        let answer = try await call(.post, message + "/restore")
        entries[number - 1].content = answer.object.string("content")
        entries[number - 1].reactions = answer.object.objects("reactions").count
        acknowledged[Int64(number)] = answer.object.integer("rev")
        changes["restoration", default: 0] += 1
    }

    private func call(_ method: HTTPMethod, _ path: String, _ body: String? = nil) async throws -> TestAnswer {
        let answer = try await pair.clients[random.below(2)].send(method, path, body, token: pair.ada.token)
        guard (200...299).contains(answer.status) else { throw TestUser.Unexpected(answer: answer) }
        return answer
    }

    // MARK: Reads

    /// A page of one node is to the letter what was acknowledged.
    func compare(on node: Int) async throws {
        let answer = try await pair.clients[node].send(.get, path, token: pair.ben.token)
        reads += 1
        let shown = answer.items.map { item in
            Entry(
                content: item.string("content"),
                reactions: item.objects("reactions").count,
                replies: Int(item.object("thread").integer("reply_count") ?? 0)
            )
        }
        #expect(shown == entries)
    }

    /// Runs `body` beside readers who go from node to node, and see that nothing acknowledged is missing and nothing goes back.
    func run(beside readers: Int, _ body: () async throws -> Void) async throws {
        let bound = LoopBound(self, loop: scene.loop)
        let loop = scene.loop
        try await withThrowingTaskGroup(of: Void.self) { group in
            for reader in 0..<readers {
                group.addTask(executorPreference: loop) {
                    try await loop.actor.run { _ in try await bound.value.readOn(reader) }
                }
            }
            do {
                try await body()
            } catch {
                isDone = true
                throw error
            }
            isDone = true
            try await group.waitForAll()
        }
    }

    private func readOn(_ reader: Int) async throws {
        let clients = pair.servers.map(scene.client(of:))
        for client in clients { client.isHeldToContract = false }
        var floor: [Int64: Int64] = [:]
        var turn = reader
        while !isDone {
            floor.merge(acknowledged, uniquingKeysWith: max)
            let user = turn % 3 == 0 ? pair.ada : pair.ben
            let answer = try await clients[turn % 2].send(.get, path, token: user.token)
            turn += 1
            reads += 1
            guard answer.status == 200 else { throw TestUser.Unexpected(answer: answer) }
            for item in answer.items {
                let (number, revision) = (item.integer("seq") ?? 0, item.integer("rev") ?? 0)
                #expect(revision >= floor[number] ?? 0, "message \(number) went back")
                floor[number] = max(revision, floor[number] ?? 0)
            }
        }
    }
}
