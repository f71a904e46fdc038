internal import Domain
internal import IOCore
internal import Messaging

/// Commands that write.
///
/// Those of one socket to one chat take effect in the order they came. Messages and reactions go to the lane at once, which
/// keeps their order; an edit or a deletion reads the message first, so what comes after it waits until it is done.
extension GatewaySession {
    /// Starts a command that was counted; it is answered once both stores hold what it wrote, or with an error.
    func write(_ command: ClientCommand, _ id: CommandID?, as user: UserID) {
        switch command {
        case .message(let chat, let draft):
            hub.endTyping(of: user, in: chat)
            inTurn(chat) { [self] in send(draft, to: chat, id, as: user) }
        case .react(let message, let emoji, let isOn, let operation):
            let reaction = MessageService.reaction(
                to: message,
                with: emoji,
                isOn: isOn,
                by: user,
                id: operation ?? .random()
            )
            inTurn(message.chat) { [self] in react(reaction, to: message, id) }
        case .edit(let message, let edit, let operation):
            change(message, id) { try await $0.edit(message, edit, by: user, id: operation ?? .random()) }
        case .delete(let message, let operation):
            change(message, id) { try await $0.delete(message, by: user, id: operation ?? .random()) }
        case .read(let chat, let sequence): read(ReadMark(chat: chat, user: user, sequence: sequence), id)
        case .auth, .resume, .ping, .typing, .presence: commandEnded()
        }
    }

    private func send(_ draft: MessageDraft, to chat: ChatID, _ id: CommandID?, as user: UserID) {
        let operation = OperationCodec.operation(
            chat: chat,
            actor: user,
            id: draft.clientMessageID ?? .random(),
            body: .createMessage(draft)
        )
        let bound = LoopBound(self, loop: hub.loop)
        gateway.gate.submit(operation, replyOn: hub.loop) { result in
            bound.value.answer(id, chat: chat, result)
        }
    }

    private func answer(_ id: CommandID?, chat: ChatID, _ result: Result<CommitLane.Outcome, Failure>) {
        switch result {
        case .success(.committed(let allocation)):
            deliver(ServerFrames.ack(id, chat: chat, allocation, isDuplicate: false))
        case .success(.duplicate(let allocation)):
            deliver(ServerFrames.ack(id, chat: chat, allocation, isDuplicate: true))
        case .success(.existingChat), .success(.unchanged), .success(.moved):
            deliver(ServerFrames.error(id, Failure(.internal, "A message was not answered as one.")))
        case .failure(let failure): deliver(ServerFrames.error(id, failure))
        }
        commandEnded()
    }

    private func react(_ reaction: Operation, to message: MessageID, _ id: CommandID?) {
        let bound = LoopBound(self, loop: hub.loop)
        gateway.gate.submit(reaction, replyOn: hub.loop) { result in
            bound.value.answer(id, message, result.map(\.offset))
        }
    }

    /// How long a change may wait for its turn.
    private static let queueLimit = Duration.seconds(5)

    /// Lets a change that reads before it writes take place, and then what came to its chat meanwhile.
    private func change(
        _ message: MessageID,
        _ id: CommandID?,
        _ body: @escaping (MessageService) async throws -> MessageService.Changed
    ) {
        inTurn(message.chat) { [self] in
            waiting[message.chat] = []
            let deadline = hub.loop.now + Self.queueLimit
            gateway.changes.add { [self] in
                let result: Result<Offset?, Failure>
                do {
                    guard hub.loop.now < deadline else { throw Failure(.overloaded, "The server is busy; try again.") }
                    result = .success(try await body(gateway.messages).offset)
                } catch {
                    result = .failure(failure(of: error))
                }
                answer(id, message, result)
                startWaiting(in: message.chat)
            }
        }
    }

    private func answer(_ id: CommandID?, _ message: MessageID, _ result: Result<Offset?, Failure>) {
        switch result {
        case .success(let offset): deliver(ServerFrames.ack(id, message, offset: offset))
        case .failure(let failure): deliver(ServerFrames.error(id, failure))
        }
        commandEnded()
    }

    /// Starts a command now, or after those before it in its chat.
    private func inTurn(_ chat: ChatID, _ start: @escaping () -> Void) {
        if waiting[chat] == nil { start() } else { waiting[chat]?.append(start) }
    }

    private func startWaiting(in chat: ChatID) {
        let turns = waiting.removeValue(forKey: chat) ?? []
        for turn in turns { inTurn(chat, turn) }
    }

    func failure(of error: any Error) -> Failure {
        if let failure = error as? Failure { return failure }
        hub.logger.warning("change not made", ["error": .string("\(error)")])
        return if let error = error as? StoreError, error.outcome != .permanent {
            Failure(.storeUnavailable, "A store is not available; try again.")
        } else {
            Failure(.internal, "The change could not be made.")
        }
    }
}

extension CommitLane.Outcome {
    /// The event that made things so, where one is known.
    fileprivate var offset: Offset? {
        switch self {
        case .committed(let allocation), .duplicate(let allocation): allocation.offset
        case .unchanged(let offset): offset
        case .existingChat, .moved: nil
        }
    }
}
