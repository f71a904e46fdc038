internal import Domain
internal import Messaging

/// Commands that make no durable event.
extension GatewaySession {
    /// Silent on success, unless the client gave the command a name.
    func type(_ isTyping: Bool, in chat: ChatID, _ id: CommandID?) {
        guard let caller, subscription.isLive, subscription.chats.contains(chat) else {
            return deliver(ServerFrames.error(id, .chatNotFound))
        }
        hub.type(isTyping, in: chat, by: caller.user, on: self)
        if id != nil { deliver(ServerFrames.ack(id)) }
    }

    /// Moves the read mark; answered once it is stored.
    func read(_ mark: ReadMark, _ id: CommandID?) {
        gateway.marks.add { [self] in
            do {
                _ = try await gateway.reads.read(mark)
                deliver(ServerFrames.ack(id, chat: mark.chat))
            } catch {
                deliver(ServerFrames.error(id, failure(of: error)))
            }
            commandEnded()
        }
    }
}
