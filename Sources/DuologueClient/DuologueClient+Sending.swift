extension DuologueClient {
    /// Sends a text and waits until the server has it in both of its stores, however long the connection takes.
    ///
    /// Messages to one chat arrive in the order of the calls. Each arrives once, though it may be sent more often.
    /// - Throws: why the server refused it, `queueFull`, `closed`, `sessionEnded`; `cancelled` when the task is, which leaves
    ///   the message on its way.
    @discardableResult
    public func send(
        _ content: String,
        to chat: ChatID,
        replyTo: MessageID? = nil
    ) async throws(DuologueError) -> SentMessage {
        try await send(Draft(content, replyTo: replyTo), to: chat)
    }

    /// Sends a message and waits, as for a text.
    ///
    /// - Throws: as for a text.
    @discardableResult
    public func send(_ draft: Draft, to chat: ChatID) async throws(DuologueError) -> SentMessage {
        try await enqueue(draft, to: chat).acknowledgement()
    }

    /// Takes a message to be sent as soon as can be, and returns at once, with or without a connection.
    ///
    /// A program that keeps unsent messages over its own end gives each the same id again: it counts once.
    /// - Throws: `queueFull`, or `tooLong` for what fits no frame; `closed` or `sessionEnded` once the client has ended.
    public func enqueue(
        _ draft: Draft,
        to chat: ChatID,
        id: ClientMessageID = ClientMessageID()
    ) throws(DuologueError) -> PendingMessage {
        let queued = QueuedMessage(chat: chat, draft: draft, pending: PendingMessage(id: id, chat: chat))
        guard ClientFrame.message(queued, number: .max).count <= Self.maximumFrameBytes else {
            throw DuologueError(.tooLong, "the message fits no frame")
        }
        try connector.outbox.append(queued)
        start()
        return queued.pending
    }

    /// Messages that the server has not answered for good.
    public var unacknowledgedMessages: Int { connector.outbox.count }

    /// Shows the others in a chat that the user is typing, or has stopped; without a connection it does nothing.
    public func setTyping(_ isTyping: Bool, in chat: ChatID) {
        _ = connector.sendPassing(ClientFrame.typing(isTyping, in: chat))
    }

    /// Shows others whether the user is there; whether there was a connection to say that over.
    @discardableResult
    public func setPresence(_ status: PresenceStatus) -> Bool {
        connector.sendPassing(ClientFrame.presence(status))
    }

    /// What the server takes of a client, as the contract has it.
    private static let maximumFrameBytes = 131_072
}
