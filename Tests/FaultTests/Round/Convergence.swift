import IOCore
import Support
import Web

/// What must come true by itself after the last fault, and how long that took.
///
/// Loop-bound.
final class Convergence {
    private let cluster: FaultCluster
    private let load: MixedLoad
    /// Nodes that have acked a send since; one is enough, each makes a batch to be finished.
    private var probed: Set<String> = []
    /// What was still missing when it was last looked.
    private(set) var missing = ""

    static let limit = Duration.seconds(60)

    init(_ cluster: FaultCluster, _ load: MixedLoad) {
        self.cluster = cluster
        self.load = load
    }

    /// Waits until all is well; the time since `start`, or nil when it took longer than the limit.
    func wait(since start: ContinuousClock.Instant) async -> Duration? {
        while !(await isReached()) {
            guard cluster.loop.now - start < Self.limit else { return nil }
            await cluster.loop.sleep(for: .milliseconds(50))
        }
        return cluster.loop.now - start
    }

    private func isReached() async -> Bool {
        guard load.isSettled else { return isMissing("\(load.journal.pending) operations have no answer") }
        for node in cluster.nodes {
            guard await node.isReady() else { return isMissing("\(node.name) is not ready") }
            guard probed.contains(node.name) else {
                if await probe(node) { probed.insert(node.name) }
                return isMissing("\(node.name) does not ack")
            }
        }
        do {
            let unfinished = try await cluster.reader.unfinished()
            guard unfinished == 0 else { return isMissing("\(unfinished) batches are unfinished") }
            return try await isHeard()
        } catch {
            return isMissing("the stores do not answer: \(error)")
        }
    }

    /// A send of this checker's own, to the last chat, where it disturbs least.
    private func probe(_ node: FaultNode) async -> Bool {
        let chat = load.cast.chats[load.cast.chats.count - 1]
        let body = #"{"content":"Is \#(node.name) well?"}"#
        let answer = try? await node.makeClient().send(
            .post,
            "/chats/\(chat)/messages",
            body,
            token: load.cast.owner.token,
            deadline: .seconds(5)
        )
        return answer?.status == 201
    }

    private func isHeard() async throws -> Bool {
        for chat in load.cast.chats {
            let head = try await cluster.reader.head(of: chat)
            let members = try await cluster.reader.members(of: chat)
            for observer in load.observers where members.contains(observer.user.id) {
                guard observer.hasHeard(of: chat, upTo: head) else {
                    return isMissing("\(observer.log.name) has not heard of offset \(head) in chat \(chat)")
                }
            }
        }
        return true
    }

    private func isMissing(_ what: String) -> Bool {
        missing = what
        return false
    }
}
