package import Domain
internal import Hashing

extension ChatService {
    /// A member who was asked for, and whether they were none before.
    package struct Added: Sendable {
        package let participant: Participant
        package let isNew: Bool
    }

    /// Takes somebody in; owners and admins of groups may.
    ///
    /// Who is in already stays as they are.
    ///
    /// - Throws: `chat_not_found`, `user_not_found`, `forbidden`, `limit_exceeded`, `idempotency_mismatch`, and what the
    ///   coordinator throws.
    package func add(
        _ addition: ParticipantAddition,
        to chat: ChatID,
        by actor: UserID,
        id: OperationID
    ) async throws -> Added {
        let outcome = try await submit(.addParticipant(addition), chat, actor, id)
        return Added(
            participant: try await participant(addition.user, of: chat, for: actor, outcome),
            isNew: outcome.isNew
        )
    }

    /// Takes several people in, each by an operation of its own whose id follows from `id`.
    ///
    /// What one of them is refused for, those before are in already; asking again goes on from there. Who has been removed
    /// since the first asking stays so, and is not among the answer. Another list under the same id is a mismatch.
    ///
    /// - Throws: what `add` throws; `user_not_found` before anybody is taken in.
    package func add(
        _ additions: [ParticipantAddition],
        to chat: ChatID,
        by actor: UserID,
        id: OperationID
    ) async throws -> [Added] {
        guard try await directory.chat(chat, for: actor) != nil else { throw Failure.chatNotFound }
        let users = additions.map(\.user)
        let existing = try await accounts.existing(users)
        if let missing = users.first(where: { !existing.contains($0) }) {
            throw Failure(.userNotFound, "user_ids: there is no user \(missing)")
        }
        var added: [Added] = []
        let list = Self.digest(additions)
        for (index, var addition) in additions.enumerated() {
            addition.list = list
            let step = OperationIDs.id(of: index, in: id)
            let outcome = try await submit(.addParticipant(addition), chat, actor, step)
            guard let participant = try await member(addition.user, of: chat, for: actor, outcome) else { continue }
            added.append(Added(participant: participant, isNew: outcome.isNew))
        }
        return added
    }

    /// Gives a member another role: an owner gives any, an admin makes members admins and admins members.
    ///
    /// - Throws: `chat_not_found`, `user_not_found`, `forbidden`, `last_owner`, `idempotency_mismatch`, and what the
    ///   coordinator throws.
    package func changeRole(
        of user: UserID,
        to role: Role,
        in chat: ChatID,
        by actor: UserID,
        id: OperationID
    ) async throws -> Participant {
        let outcome = try await submit(.changeRole(user, to: role), chat, actor, id)
        return try await participant(user, of: chat, for: actor, outcome)
    }

    /// Takes a member out of the chat, who may be the actor; the messages stay.
    ///
    /// - Throws: `chat_not_found`, `user_not_found`, `forbidden`, also for a direct chat, `last_owner` while others
    ///   remain, `idempotency_mismatch`, and what the coordinator throws.
    package func remove(_ user: UserID, from chat: ChatID, by actor: UserID, id: OperationID) async throws {
        _ = try await submit(.removeParticipant(user), chat, actor, id)
    }

    /// Changes what a group shows of itself; owners and admins may.
    ///
    /// - Throws: `chat_not_found`, `forbidden`, also for a direct chat, `idempotency_mismatch`, and what the coordinator
    ///   throws.
    package func change(
        _ change: ChatChange,
        of chat: ChatID,
        by actor: UserID,
        id: OperationID
    ) async throws -> ShownChat {
        _ = try await submit(.changeChat(change), chat, actor, id)
        return try await get(chat, for: actor)
    }

    // MARK: Reading

    /// The pinned messages of a chat as they are now, the latest pin first.
    ///
    /// - Throws: `chat_not_found` for a stranger.
    package func pins(
        of chat: ChatID,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> (items: [(pin: Pin, message: Message)], next: String?) {
        guard let page = try await directory.pins(of: chat, for: user, limit: limit, cursor: cursor) else {
            throw Failure.chatNotFound
        }
        let messages = try await reader.messages(page.items.map(\.message), for: user)
        return (page.items.compactMap { pin in messages[pin.message].map { (pin, $0) } }, page.next)
    }

    /// The durable events of a chat after an offset, ascending, as members receive them.
    ///
    /// - Throws: `chat_not_found` for a stranger.
    package func events(
        of chat: ChatID,
        for user: UserID,
        after offset: Offset,
        limit: Int
    ) async throws -> [Announcement] {
        let events = try await reader.events(of: chat, for: user, after: offset, limit: limit)
        // Asked last: whoever is a member now may read all that was before.
        guard try await directory.chat(chat, for: user) != nil else { throw Failure.chatNotFound }
        return events
    }

    // MARK: Steps

    /// What tells one list of people from another; stored digests were made of it, so it never changes.
    private static func digest(_ additions: [ParticipantAddition]) -> String {
        let text = additions.map { "\($0.user.rawValue) \($0.role.rawValue)\n" }.joined()
        return Base64URL.encode(SHA256.hash(Array(text.utf8)))
    }

    private func submit(
        _ body: Operation.Body,
        _ chat: ChatID,
        _ actor: UserID,
        _ id: OperationID
    ) async throws -> CommitLane.Outcome {
        try await gate.submit(OperationCodec.operation(chat: chat, actor: actor, id: id, body: body))
    }

    /// The member an operation was about, who must still be one where it is not of this commit.
    private func participant(
        _ user: UserID,
        of chat: ChatID,
        for actor: UserID,
        _ outcome: CommitLane.Outcome
    ) async throws -> Participant {
        guard let participant = try await member(user, of: chat, for: actor, outcome) else {
            throw Failure(.userNotFound, "The user is no longer a member.")
        }
        return participant
    }

    /// The member an operation was about: as the commit left them, or else as they are now; nil where they are none.
    private func member(
        _ user: UserID,
        of chat: ChatID,
        for actor: UserID,
        _ outcome: CommitLane.Outcome
    ) async throws -> Participant? {
        if case .committed(let allocation) = outcome, case .participant(let participant, _)? = allocation.facts {
            return participant
        }
        return try await directory.participant(user, of: chat, for: actor)
    }
}

extension CommitLane.Outcome {
    /// Whether the operation took effect by this very submission.
    var isNew: Bool { if case .committed = self { true } else { false } }
}
