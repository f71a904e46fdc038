package import Domain
internal import IOCore
internal import Messaging
internal import Web

/// Two people between whom a block has begun or ended are told what they see of each other now.
extension PresenceBoard {
    private static let pairsAtOnce = 100
    /// More of them wait for a store that is away no longer.
    private static let pairsLimit = 10_000

    /// A block has begun or ended, in the stores already.
    ///
    /// Of what is taken back before anybody was told of it, nobody is.
    package func noteBlock(_ change: BlockChange) {
        if let waiting = blockChanges.removeValue(forKey: change.users), waiting != change.isBlocked { return }
        if blockChanges.count < Self.pairsLimit { blockChanges[change.users] = change.isBlocked }
    }

    /// Tells those who wait for it, all in one look, and again where a store is away.
    func tellBlocks() async {
        while !blockChanges.isEmpty {
            let batch = blockChanges.prefix(Self.pairsAtOnce).map { BlockChange(of: $0.key, isBlocked: $0.value) }
            for change in batch { blockChanges[change.users] = nil }
            do {
                try await tell(batch)
            } catch {
                for change in batch { noteBlock(change) }
                return logger.debug("not told what is seen after a block", ["error": .string("\(error)")])
            }
        }
    }

    /// Tells each of two who may see each other but for the block that the other has left, or is there.
    ///
    /// Neither is told of one who is offline to others: that would tell nothing but that there was a block.
    private func tell(_ changes: [BlockChange]) async throws {
        let users = Array(changes.reduce(into: Set<UserID>()) { $0.formUnion($1.users) })
        let chats = try await scope.chats(of: users)
        let reserves = try await scope.reserves(of: users)
        overtaken = []
        let told = try await store.told(of: users)
        for change in changes {
            // What was told of one of them meanwhile may be later than what was found: looked at again.
            guard change.users.isDisjoint(with: overtaken) else {
                noteBlock(change)
                continue
            }
            for viewer in change.users {
                for seen in change.users where seen != viewer {
                    // A block by the other may remain, or have ended meanwhile.
                    let isHidden = reserves[seen]?.hidden.contains(viewer) ?? false
                    guard let status = told[seen], isHidden == change.isBlocked else { continue }
                    let followed = Set(chats[viewer] ?? [])
                    let shared = (chats[seen] ?? []).filter(followed.contains)
                    guard !shared.isEmpty else { continue }
                    let payload = EphemeralEncoder.presence(of: seen, isHidden ? .offline : status, lastSeen: nil)
                    publish?(EphemeralEvent(to: .sockets(of: viewer, inAny: shared), payload: payload))
                }
            }
        }
    }
}
