/// Compares what clients have and received with what happened, once all is quiet.
package struct ReplicaChecker {
    private let chats: [Int64: StoredChat]
    private var violations: [Violation] = []

    /// Most events that a client is sent instead of a reset.
    private static let resumeLimit: Int64 = 100

    /// Takes what the stores hold of every chat.
    package init(chats: [StoredChat]) { self.chats = Dictionary(chats.map { ($0.chat, $0) }) { $1 } }

    /// Everything that is wrong with a client; `fresh` is what a fetch answers, by chat.
    package func violations(of replica: ClientReplica, fresh: [Int64: ReplicaState]) -> [Violation] {
        var checker = self
        checker.checkReceipts(replica)
        checker.checkResets(replica)
        checker.checkStates(replica, fresh)
        return replica.violations + checker.violations
    }

    /// I9 and I10: what came is what happened at that offset, while the user was in the chat.
    private mutating func checkReceipts(_ replica: ClientReplica) {
        for (chat, receipts) in replica.received.sorted(by: { $0.key < $1.key }) {
            guard let stored = chats[chat] else {
                report(.stranger, replica, "events of chat \(chat), which is not there")
                continue
            }
            let visible = Set(CampaignChecker.visible(to: replica.user, in: stored))
            let types = Dictionary(stored.events.map { ($0.offset, Self.type(ofKind: $0.kind)) }) { $1 }
            for receipt in receipts {
                if types[receipt.offset] != receipt.type {
                    let type = types[receipt.offset] ?? "nothing"
                    report(.orphan, replica, "chat \(chat): \(receipt.type) \(receipt.offset), where \(type) happened")
                } else if !visible.contains(receipt.offset) {
                    report(.stranger, replica, "chat \(chat): \(receipt.type) \(receipt.offset), while not a member")
                }
            }
        }
    }

    /// A client reads a chat anew only where it missed too much, or was taken in since.
    private mutating func checkResets(_ replica: ClientReplica) {
        for reset in replica.resets {
            guard let cursor = reset.cursor, let stored = chats[reset.chat] else { continue }
            let wasTakenIn = stored.events.contains {
                $0.kind == 4 && $0.targetUser == replica.user && $0.offset > cursor
            }
            if !wasTakenIn, reset.head - cursor <= Self.resumeLimit {
                report(.answer, replica, "chat \(reset.chat): reset to \(reset.head) from \(cursor) for nothing")
            }
        }
    }

    /// What it knows is what a fetch answers, of just the chats it is in, up to their heads.
    private mutating func checkStates(_ replica: ClientReplica, _ fresh: [Int64: ReplicaState]) {
        for stored in chats.values.sorted(by: { $0.chat < $1.chat }) {
            let isMember = stored.members.contains(replica.user)
            guard let known = replica.chats[stored.chat] else {
                if isMember { report(.hole, replica, "chat \(stored.chat): a member does not know of it") }
                continue
            }
            guard isMember else {
                report(.stranger, replica, "chat \(stored.chat): it still has it at \(known.cursor), and is no member")
                continue
            }
            if known.cursor != stored.lastOffset {
                report(
                    .hole,
                    replica,
                    "chat \(stored.chat): it is at \(known.cursor), the chat at \(stored.lastOffset)"
                )
            }
            guard let state = known.state, let fetched = fresh[stored.chat] else {
                report(.answer, replica, "chat \(stored.chat): its state could not be fetched")
                continue
            }
            for difference in state.differences(from: fetched) {
                report(.stale, replica, "chat \(stored.chat): \(difference)")
            }
        }
        for chat in replica.chats.keys where chats[chat] == nil {
            report(.stranger, replica, "it has chat \(chat), which is not there")
        }
    }

    private mutating func report(_ kind: Violation.Kind, _ replica: ClientReplica, _ text: String) {
        violations.append(Violation(kind, "\(replica.name): \(text)"))
    }

    private static func type(ofKind kind: Int) -> String {
        let types = [
            "chat.created", "message.new", "participant.removed", "participant.added", "participant.updated",
            "chat.updated",
            "message.updated", "message.deleted", "message.updated", "reaction.added", "reaction.removed", "pin.added",
            "pin.removed",
        ]
        return types.indices.contains(kind - 1) ? types[kind - 1] : "kind \(kind)"
    }
}
