package import Domain

extension MessageService {
    /// Most chats that a message is forwarded to by one request.
    package static let forwardLimit = 20

    /// Sends what a message says to other chats, as ordinary messages of the user's own: type, content and attachments, without
    /// what ties it to its chat, which are replies, threads and mentions.
    ///
    /// Nothing is sent unless the user is in all of the chats, none is closed by a block, and all of it together is no spam. Each
    /// message is an operation of its own whose id follows from `id` and the chat: asking again after a failure reads the original
    /// again, sends what was not sent, and answers the rest as duplicates; of an original edited since, those are an
    /// `idempotency_mismatch`.
    ///
    /// - Throws: `chat_not_found` for a chat that the user is not in, `blocked`, `message_not_found`, also for a deleted or hidden
    ///   one, `forbidden` for what only the server sends, and what `send` throws.
    package func forward(
        _ message: MessageID,
        to chats: [ChatID],
        by user: UserID,
        id: OperationID
    ) async throws -> [Sent] {
        let original = try await self.message(message, for: user)
        guard !original.isDeleted, let content = original.content else { throw Failure.messageNotFound }
        guard original.type.isSendable else { throw Failure(.forbidden, "Only what people have said is forwarded.") }
        try await reader.requireOpen(chats, for: user)
        let draft = MessageDraft(type: original.type, content: content, attachments: original.attachments)
        let steps = chats.map { (chat: $0, id: OperationIDs.id(of: $0, in: id)) }
        try await spamGuard?.check(draft, in: steps, by: user)
        var sent: [Sent] = []
        for step in steps { sent.append(try await submit(draft, to: step.chat, by: user, id: step.id)) }
        return sent
    }
}
