import IOCore
import JSON
import Support
import Web

/// What must come true by itself after the last fault, and what is compared then.
extension Schedule {
    private static let quietLimit = Duration.seconds(60)

    func compareOnceQuiet() async {
        // What others in the wave kill is killed for all.
        while wave.isPlaying { await cluster.loop.sleep(for: .milliseconds(5)) }
        let end = cluster.loop.now + Self.quietLimit
        for client in clients {
            client.proxy.isCalm = true
            client.leave(for: .zero)
        }
        do {
            var missing = try await whatIsMissing()
            while let what = missing {
                guard cluster.loop.now < end else {
                    violations.append(Violation(.answer, "not quiet within \(Self.quietLimit): \(what)"))
                    break
                }
                await cluster.loop.sleep(for: .milliseconds(20))
                missing = try await whatIsMissing()
            }
            isAbandoned = true
            try await compare()
        } catch {
            isAbandoned = true
            violations.append(Violation(.answer, "the schedule did not get to its end: \(error)"))
        }
    }

    private func whatIsMissing() async throws -> String? {
        guard unanswered == 0 else { return "\(unanswered) writes have no answer" }
        for client in clients where !client.isCaughtUp { return "\(client.replica.name) is not caught up" }
        guard await cluster.isWhole() else { return "a node or Redis is not ready" }
        guard try await cluster.reader.unfinished(of: cast.chats) == 0 else { return "batches are unfinished" }
        for chat in cast.chats {
            let head = try await cluster.reader.head(of: chat)
            let members = try await cluster.reader.members(of: chat)
            for client in clients {
                let cursor = client.replica.chats[chat]?.cursor
                let due = members.contains(client.user.id) ? head : nil
                if cursor != due {
                    return "\(client.replica.name) is at \(cursor ?? -1) of chat \(chat), not at \(due ?? -1)"
                }
            }
        }
        return nil
    }

    // MARK: Judging

    private func compare() async throws {
        var stored: [StoredChat] = []
        for chat in try await allChats() { stored.append(try await read(chat)) }
        var campaign = CampaignChecker(journal: journal, deliveries: [], chats: stored)
        violations += campaign.run()
        let checker = ReplicaChecker(chats: stored)
        for client in clients {
            var fresh: [Int64: ReplicaState] = [:]
            for chat in stored where chat.members.contains(client.user.id) {
                fresh[chat.chat] = try await patiently { await client.state(of: chat.chat, from: node()) }.found
            }
            violations += checker.violations(of: client.replica, fresh: fresh)
        }
    }

    /// Also those whose founding had no answer.
    private func allChats() async throws -> [Int64] {
        let first = cast.chats.min() ?? 0
        let answer = try await get("/chats?limit=100")
        return answer.items.compactMap { $0.integer("chat_id") }.filter { $0 >= first }.sorted()
    }

    private func read(_ chat: Int64) async throws -> StoredChat {
        let owner = cast.owner
        let described = try await get("/chats/\(chat)")
        let founders = (described.object.string("description") ?? "").split(separator: " ").compactMap { Int64($0) }
        var stored = try await cluster.reader.read(chat, founders: Set(founders))
        for (number, node) in cluster.nodes.enumerated() {
            let history = try await patiently {
                try? await cluster.with(node: number) { try await $0.history(of: chat, as: owner) }
            }
            stored.histories[node.name] = history.map(StoredChat.Message.init)
        }
        return stored
    }

    // MARK: Asking

    /// What the owner is answered.
    private func get(_ path: String) async throws -> TestAnswer {
        try await patiently {
            let answer = try? await cluster.with(node: node()) {
                try await $0.send(.get, path, token: cast.owner.token)
            }
            return answer?.status == 200 ? answer : nil
        }
    }

    /// Asks until there is an answer: a machine that stands still makes a node refuse for want of time, which tells nothing
    /// of what it holds.
    private func patiently<Answer>(_ ask: () async -> Answer?) async throws -> Answer {
        for _ in 0..<20 {
            if let answer = await ask() { return answer }
            await cluster.loop.sleep(for: .milliseconds(200))
        }
        throw TestSocket.Missing("an answer")
    }
}
