package import Domain
internal import Messaging

/// The steps that scenarios are made of.
extension StorePorts {
    /// A user nobody else uses.
    package func someone() async throws -> User {
        let name = "u" + UniversalID.random().description.filter { $0 != "-" }.prefix(20)
        return try await accounts.register(
            username: name,
            email: "\(name)@example.org",
            passwordHash: "$argon2id$none",
            fullName: nil
        )
    }

    /// An operation with an id of its own, unless told one.
    func operation(_ chat: ChatID, _ actor: User, _ body: Operation.Body, id: OperationID = .random()) -> Operation {
        OperationCodec.operation(chat: chat, actor: actor.id, id: id, body: body)
    }

    func say(_ text: String, _ chat: ChatID, _ actor: User, id: OperationID = .random()) -> Operation {
        operation(chat, actor, .createMessage(MessageDraft(content: text)), id: id)
    }

    /// Commits a batch and leaves its redo row.
    func commit(_ operations: [Operation], as batch: BatchID = .random()) async throws -> [CommitResult] {
        try await log.commit(batch, operations, dropping: [], wait: true)
    }

    /// Commits operations one batch each, and finishes them: bodies written, redo rows dropped.
    @discardableResult
    func finish(_ operations: Operation...) async throws -> [Allocation] {
        var allocations: [Allocation] = []
        for operation in operations {
            let batch = BatchID.random()
            guard case .committed(let allocation)? = try await commit([operation], as: batch).first else {
                throw StepFailed(step: "commit \(operation.kind)")
            }
            let committed = CommittedOperation(operation: operation, allocation: allocation)
            try await bodies.apply(PostImages.documents(of: committed))
            try await log.drop([batch])
            allocations.append(allocation)
        }
        return allocations
    }

    /// A finished group of these people, owned by the first.
    func group(_ people: User...) async throws -> ChatID {
        let chat = try await log.nextChatID()
        let draft = ChatDraft(type: .group, name: "room", participants: people.dropFirst().map(\.id))
        try await finish(operation(chat, people[0], .createChat(draft)))
        return chat
    }
}

/// A step that others rest on did not succeed.
struct StepFailed: Error {
    let step: String
}

extension CommitResult {
    var allocation: Allocation? {
        if case .committed(let allocation) = self { allocation } else { nil }
    }

    var isFinishedDuplicate: Bool { if case .duplicate(_, nil) = self { true } else { false } }

    var refusal: Failure.Code? {
        if case .refused(let failure) = self { failure.code } else { nil }
    }
}

/// The code of the failure that `body` throws; nil for none, and for errors of other kinds.
func failure(_ body: () async throws -> Void) async -> Failure.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? Failure)?.code
    }
}
