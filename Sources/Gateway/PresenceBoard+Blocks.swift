package import Domain
internal import IOCore
internal import Messaging
internal import Web

/// What has happened between two people since they were last told of each other.
struct BlockNews {
    /// Who of them was present before a block began.
    var before: Set<UserID> = []
    /// Whether one began: whoever is present now may have come, and been seen, just before it.
    var hasBegun = false
}

/// Two people between whom a block has begun or ended are told what they see of each other now.
extension PresenceBoard: BlockObserver {
    private static let pairsAtOnce = 100
    /// More of them wait for a store that is away no longer.
    private static let pairsLimit = 10_000

    package func present(of users: Set<UserID>) async -> Set<UserID> {
        do {
            return Set(try await store.told(of: Array(users)).keys)
        } catch {
            // Who is shown as offline once too often does less harm than who is shown as present for good.
            return users
        }
    }

    package func blockBegan(between users: Set<UserID>, before: Set<UserID>) {
        note(BlockNews(before: before, hasBegun: true), of: users)
    }

    package func blockEnded(between users: Set<UserID>) { note(BlockNews(), of: users) }

    private func note(_ news: BlockNews, of users: Set<UserID>) {
        guard blockNews[users] != nil || blockNews.count < Self.pairsLimit else { return }
        blockNews[users, default: BlockNews()].before.formUnion(news.before)
        if news.hasBegun { blockNews[users]?.hasBegun = true }
    }

    /// Tells those who wait for it, all in one look, and again where a store is away.
    func tellBlocks() async {
        while !blockNews.isEmpty {
            let batch = blockNews.prefix(Self.pairsAtOnce).map { (users: $0.key, news: $0.value) }
            for pair in batch { blockNews[pair.users] = nil }
            do {
                try await tell(batch)
            } catch {
                for pair in batch { note(pair.news, of: pair.users) }
                return logger.debug("not told what is seen after a block", ["error": .string("\(error)")])
            }
        }
    }

    /// Tells each of two how present the other is, and that one has left who is to be seen no longer.
    ///
    /// Of somebody who was offline to others before, and is, nothing is told: it would say only that there was a block.
    private func tell(_ pairs: [(users: Set<UserID>, news: BlockNews)]) async throws {
        let users = Array(pairs.reduce(into: Set<UserID>()) { $0.formUnion($1.users) })
        let chats = try await scope.chats(of: users)
        overtaken = []
        let told = try await store.told(of: users)
        // Last, so that a block which came meanwhile counts.
        let reserves = try await scope.reserves(of: users)
        // What was told of these meanwhile may be later than what was found.
        let later = overtaken
        for (users, news) in pairs {
            guard users.isDisjoint(with: later) else {
                note(news, of: users)
                continue
            }
            for viewer in users {
                for seen in users where seen != viewer {
                    let isHidden = reserves[seen]?.hidden.contains(viewer) ?? false
                    let wasSeen = news.before.contains(seen) || news.hasBegun && told[seen] != nil
                    guard let status = (isHidden ? nil : told[seen]) ?? (wasSeen ? .offline : nil) else { continue }
                    let followed = Set(chats[viewer] ?? [])
                    let shared = (chats[seen] ?? []).filter(followed.contains)
                    guard !shared.isEmpty else { continue }
                    let payload = EphemeralEncoder.presence(of: seen, status, lastSeen: nil)
                    publish?(EphemeralEvent(to: .sockets(of: viewer, inAny: shared), payload: payload))
                }
            }
        }
    }
}
