internal import Domain
internal import Messaging

extension Simulation {
    /// A client begins its next operation, or asks for the present one again.
    mutating func act(_ client: Int, _ attempt: Int) throws(Violation) {
        guard clients[client].attempt == attempt else { return }
        if clients[client].current == nil {
            guard clients[client].left > 0 else { return }
            clients[client].left -= 1
            clients[client].begun += 1
            clients[client].sent = 0
            clients[client].current = try operation(of: client)
        }
        guard let operation = clients[client].current else {
            return queue.add(.act(client: client, attempt: attempt), at: now + 1)
        }
        clients[client].attempt += 1
        let attempt = clients[client].attempt
        // Now and then at two nodes at once, as a client does that lost its socket.
        for _ in 0..<(random.chance(10) ? 2 : 1) {
            let node = random.pick(0...nodes.count - 1)
            clients[client].sent += 1
            tell("client \(client) asks node \(node) for \(operation.kind) \(operation.id)")
            if !strikes(faultPercent / 4) {
                add(.submit(client: client, attempt: attempt, operation), node, after: random.pick(0...3))
            }
        }
        queue.add(.act(client: client, attempt: attempt), at: now + random.pick(300...7_000))
    }

    /// A client gets an answer.
    mutating func hear(
        _ result: Result<CommitLane.Outcome, Failure>,
        _ client: Int,
        _ attempt: Int
    ) throws(Violation) {
        guard clients[client].attempt == attempt, let operation = clients[client].current else { return }
        clients[client].attempt += 1
        var delay = random.pick(0...200)
        switch result {
        case .success(.moved):
            // The same operation on the body as it is now.
            clients[client].current = try renewed(operation)
            delay = 1
        case .success: clients[client].current = nil
        case .failure(let failure):
            if !failure.code.isRetryable { clients[client].current = nil } else { delay += 50 }
        }
        queue.add(.act(client: client, attempt: clients[client].attempt), at: now + delay)
    }

    // MARK: What clients ask for

    /// The client's next operation; nil where there is nothing to do it to.
    private mutating func operation(of client: Int) throws(Violation) -> Operation? {
        let index = random.pick(0...postgres.chats.count - 1)
        let messages = postgres.chats[index].messages
        let id = OperationID(high: UInt64(client + 1), low: clients[client].begun)
        let chat = ChatID(rawValue: Int64(index + 1))
        let body: Operation.Body
        let kind = random.pick(0...9)
        if messages.isEmpty || kind < 4 {
            body = .createMessage(MessageDraft(content: id.description))
        } else {
            let place = random.pick(0...messages.count - 1)
            let sequence = SequenceNumber(rawValue: Int64(place + 1))
            switch kind {
            case 4:
                let root = messages[place].threadRoot.map { SequenceNumber(rawValue: Int64($0 + 1)) } ?? sequence
                body = .createMessage(MessageDraft(content: id.description, threadRoot: root))
            case 5, 6: body = .react(sequence, emoji: "+", isOn: random.chance(60))
            default:
                let old = try read(MessageID(chat: chat, sequence: sequence))
                switch kind {
                case 7: body = .editMessage(MessageEdit(content: id.description), of: old)
                default: body = old.isDeleted ? .restoreMessage(old) : .deleteMessage(old)
                }
            }
        }
        return OperationCodec.operation(chat: chat, actor: clients[client].user, id: id, body: body)
    }

    private func renewed(_ operation: Operation) throws(Violation) -> Operation {
        let body: Operation.Body
        switch operation.body {
        case .editMessage(let edit, let old): body = .editMessage(edit, of: try read(old.id))
        case .deleteMessage(let old): body = .deleteMessage(try read(old.id))
        case .restoreMessage(let old): body = .restoreMessage(try read(old.id))
        default: return operation
        }
        return OperationCodec.operation(chat: operation.chat, actor: operation.actor, id: operation.id, body: body)
    }

    /// A message as a reader sees it: MongoDB with the redo laid over.
    private func read(_ id: MessageID) throws(Violation) -> MessageImage {
        var image = mongo.message(id)
        for row in postgres.redo {
            for committed in row.batch.operations where committed.operation.chat == id.chat {
                guard let newer = PostImages.messageImage(of: committed), newer.id == id,
                    newer.revision > (image?.revision ?? .zero)
                else { continue }
                image = newer
            }
        }
        let message = postgres.chats[Int(id.chat.rawValue) - 1].messages[Int(id.sequence.rawValue) - 1]
        guard let image, image.revision >= message.revision else {
            throw Violation(.eventIsSomewhere, "message \(id) is not readable at revision \(message.revision)")
        }
        guard image.content == message.content, image.isDeleted == message.isDeleted else {
            throw Violation(.lastRevisionStands, "message \(id) reads as \(image.content ?? "") at \(image.revision)")
        }
        return image
    }
}
