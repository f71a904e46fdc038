internal import Domain

/// Joining by oneself.
extension MemoryCommitLog {
    /// Whether an operation is somebody's who joins by themselves and may know of the chat.
    func mayEnter(_ operation: Operation, _ row: MemoryDatabase.ChatRow) -> Bool {
        guard case .addParticipant(let addition) = operation.body, let entrance = addition.entrance,
            addition.user == operation.actor, row.chat.type == .group, !row.members.isEmpty
        else { return false }
        switch entrance {
        case .open: return row.chat.visibility == .public
        case .invite(let code):
            return row.invites.contains { invite in
                invite.code == code && invite.isGood(at: database.now)
                    && database.blocks[invite.createdBy]?.contains(operation.actor) != true
            }
        }
    }

    /// Takes in somebody who may enter, and counts the invite.
    func join(_ operation: Operation, in row: MemoryDatabase.ChatRow) -> CommitResult {
        guard case .addParticipant(let addition) = operation.body else { return .refused(.chatNotFound) }
        guard database.isPresent(operation.actor) else { return .refused(Self.userNotFound) }
        guard row.members.count < addition.memberLimit else {
            return .refused(Failure(.limitExceeded, "The chat is full."))
        }
        guard !isInChats(operation.actor, addition.chatLimit) else { return .refused(Self.tooManyChats) }
        var row = row
        if case .invite(let code)? = addition.entrance, let index = row.invites.firstIndex(where: { $0.code == code }) {
            row.invites[index].uses += 1
        }
        return takeIn(addition, operation, in: row)
    }
}
