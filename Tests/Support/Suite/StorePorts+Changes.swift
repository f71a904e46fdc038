internal import Domain
internal import Testing

/// Steps about messages and members that exist.
extension StorePorts {
    /// The document of a message at the revision that Postgres has of it; its words do not matter here.
    func old(_ chat: ChatID, _ sequence: Int64, revision: Int64? = nil) async throws -> MessageImage {
        let number = SequenceNumber(rawValue: sequence)
        let row = try await history.metadata(of: chat, sequences: [number]).first
        return MessageImage(
            id: MessageID(chat: chat, sequence: number),
            revision: revision.map(Offset.init(rawValue:)) ?? row?.revision ?? .zero,
            createdOffset: row?.createdOffset ?? .zero,
            sender: UserID(rawValue: 1),
            type: .text,
            content: "old",
            createdAt: now(),
            isDeleted: row?.isDeleted ?? false,
            clientMessageID: nil,
            operation: .random()
        )
    }

    func edit(_ chat: ChatID, _ sequence: Int64, _ actor: User, revision: Int64? = nil) async throws -> Operation {
        let image = try await old(chat, sequence, revision: revision)
        return operation(chat, actor, .editMessage(MessageEdit(content: "new"), of: image))
    }

    func delete(_ chat: ChatID, _ sequence: Int64, _ actor: User, revision: Int64? = nil) async throws -> Operation {
        operation(chat, actor, .deleteMessage(try await old(chat, sequence, revision: revision)))
    }

    func restore(_ chat: ChatID, _ sequence: Int64, _ actor: User, revision: Int64? = nil) async throws -> Operation {
        operation(chat, actor, .restoreMessage(try await old(chat, sequence, revision: revision)))
    }

    func react(_ emoji: String, _ chat: ChatID, _ sequence: Int64, _ actor: User, isOn: Bool = true) -> Operation {
        operation(chat, actor, .react(SequenceNumber(rawValue: sequence), emoji: emoji, isOn: isOn))
    }

    func pin(_ chat: ChatID, _ sequence: Int64, _ actor: User, isOn: Bool = true) -> Operation {
        operation(chat, actor, .pin(SequenceNumber(rawValue: sequence), isOn: isOn))
    }

    func reply(_ root: Int64, _ chat: ChatID, _ actor: User) -> Operation {
        let draft = MessageDraft(content: "reply", threadRoot: SequenceNumber(rawValue: root))
        return operation(chat, actor, .createMessage(draft))
    }

    func add(_ user: User, _ chat: ChatID, _ actor: User, _ role: Role = .member, limit: Int = 100) -> Operation {
        let addition = ParticipantAddition(user: user.id, role: role, memberLimit: limit)
        return operation(chat, actor, .addParticipant(addition))
    }

    func role(_ role: Role, of user: User, _ chat: ChatID, by actor: User) -> Operation {
        operation(chat, actor, .changeRole(user.id, to: role))
    }

    /// The result of one operation alone; its redo row is gone.
    func one(_ operation: Operation) async throws -> CommitResult {
        let batch = BatchID.random()
        let results = try await commit([operation], as: batch)
        try await log.drop([batch])
        return try #require(results.first)
    }

    /// Commits one operation that has to succeed; its redo row is gone.
    @discardableResult
    func done(_ operation: Operation) async throws -> Allocation {
        let result = try await one(operation)
        guard let allocation = result.allocation else { throw StepFailed(step: "\(operation.kind): \(result)") }
        return allocation
    }

    /// What Postgres knows of a message besides its body.
    func metadata(_ chat: ChatID, _ sequence: Int64) async throws -> MessageMetadata {
        let rows = try await history.metadata(of: chat, sequences: [SequenceNumber(rawValue: sequence)])
        return try #require(rows.first)
    }
}
