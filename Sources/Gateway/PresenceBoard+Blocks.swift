package import Domain
internal import IOCore
internal import Messaging
internal import Web

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

    package func blockChanged(between users: Set<UserID>, before: Set<UserID>) {
        guard blockChanges[users] != nil || blockChanges.count < Self.pairsLimit else { return }
        blockChanges[users, default: []].formUnion(before)
    }

    /// Tells those who wait for it, all in one look, and again where a store is away.
    func tellBlocks() async {
        while !blockChanges.isEmpty {
            let batch = blockChanges.prefix(Self.pairsAtOnce).map { (users: $0.key, before: $0.value) }
            for pair in batch { blockChanges[pair.users] = nil }
            do {
                try await tell(batch)
            } catch {
                for pair in batch { blockChanged(between: pair.users, before: pair.before) }
                return logger.debug("not told what is seen after a block", ["error": .string("\(error)")])
            }
        }
    }

    /// Tells each of two how present the other is, and that one has left who is to be seen no longer.
    ///
    /// Of somebody who was offline to others before, and is, nothing is told: it would say only that there was a block.
    private func tell(_ pairs: [(users: Set<UserID>, before: Set<UserID>)]) async throws {
        let users = Array(pairs.reduce(into: Set<UserID>()) { $0.formUnion($1.users) })
        let chats = try await scope.chats(of: users)
        overtaken = []
        let reserves = try await scope.reserves(of: users)
        let told = try await store.told(of: users)
        // What was told of these meanwhile may be later than what was found.
        let later = overtaken
        for pair in pairs {
            guard pair.users.isDisjoint(with: later) else {
                blockChanged(between: pair.users, before: pair.before)
                continue
            }
            for viewer in pair.users {
                for seen in pair.users where seen != viewer {
                    let isHidden = reserves[seen]?.hidden.contains(viewer) ?? false
                    let shown = isHidden ? nil : told[seen]
                    guard let status = shown ?? (pair.before.contains(seen) ? .offline : nil) else { continue }
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
