internal import Domain
internal import DuologueClient

extension DuologueClient {
    /// All messages of a chat, oldest first.
    ///
    /// - Throws: `contract` where the paging does not move on, and what keeps a page from being read.
    func history(of chat: ChatID) async throws(DuologueError) -> [ArrivedMessage] {
        var messages: [ArrivedMessage] = []
        while true {
            let after = messages.last?.sequence.rawValue ?? 0
            let page = try await self.messages(of: chat, .after(after), limit: 100).items
            guard let last = page.last else { return messages }
            guard last.sequence > after else { throw DuologueError(.contract, "the page does not lie after \(after)") }
            messages += page.map(ArrivedMessage.init)
        }
    }
}

extension ArrivedMessage {
    fileprivate init(_ message: DuologueClient.Message) {
        self.init(
            chat: Domain.ChatID(rawValue: message.chat.rawValue),
            sequence: SequenceNumber(rawValue: message.sequence),
            sender: Domain.UserID(rawValue: message.sender.rawValue),
            type: message.type,
            content: message.content,
            replyTo: message.replyTo.map { SequenceNumber(rawValue: $0.sequence) },
            clientID: message.clientMessageID.flatMap { OperationID($0.description) }
        )
    }
}

extension LoadError {
    /// What a server, or the way to it, did not do.
    init(_ error: DuologueError, of server: ServerAddress) {
        let code: Code =
            switch error.code {
            case .connection: .connection
            case .timeout: .timeout
            case .contract: .contract
            default: .refused
            }
        self.init(
            code,
            "\(server): \(error)",
            problem: error.status == nil ? nil : error.code.rawValue,
            isRetryable: error.isRetryable
        )
    }
}
