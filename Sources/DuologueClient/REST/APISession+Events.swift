internal import Web

extension APISession {
    /// The durable events of a chat after an offset, at most 100.
    func events(
        of chat: DuologueClient.ChatID,
        after offset: Int64
    ) async throws(DuologueError) -> DuologueClient.Page<ChatEvent> {
        let path = ("/chats/\(chat)/events" as RequestPath).with("after", offset).with("limit", 100)
        return try DuologueClient.Page(try await request(.get, path))
    }
}

extension ChatEvent: ContractModel {
    init(_ fields: ContractFields) throws(DuologueError) {
        guard let event = try ChatEvent(type: fields.required("type"), fields) else {
            throw DuologueError(.contract, "an event has no chat or no offset")
        }
        self = event
    }
}
