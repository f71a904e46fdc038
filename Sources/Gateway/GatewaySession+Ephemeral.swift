internal import Domain
internal import Messaging

/// Commands that make no durable event.
extension GatewaySession {
    /// Silent on success, unless the client gave the command a name.
    ///
    /// Before the socket is live nobody knows the chats it is in: then it waits until they are known.
    func type(_ isTyping: Bool, in chat: ChatID, _ id: CommandID?) {
        guard subscription.isLive else {
            guard earlyTyping.count < Self.earlyTypingLimit else {
                return deliver(ServerFrames.error(id, Failure(.overloaded, "Too many commands before ready.")))
            }
            return earlyTyping.append((isTyping, chat, id))
        }
        guard let caller, subscription.chats.contains(chat) else {
            return deliver(ServerFrames.error(id, .chatNotFound))
        }
        hub.type(isTyping, in: chat, by: caller.user, on: self)
        if id != nil { deliver(ServerFrames.ack(id)) }
    }

    /// Takes effect once the socket is live; silent, as typing is.
    func show(_ status: PresenceStatus, _ id: CommandID?) {
        subscription.presence = status
        if let caller, subscription.isLive { hub.presence?.set(self, caller.user) }
        if id != nil { deliver(ServerFrames.ack(id)) }
    }

    /// Moves the read mark; answered once it is stored.
    func read(_ mark: ReadMark, _ id: CommandID?) {
        gateway.marks.add { [self] in
            do {
                _ = try await gateway.reads.read(mark)
                deliver(ServerFrames.ack(id, mark))
            } catch {
                deliver(ServerFrames.error(id, failure(of: error)))
            }
            commandEnded()
        }
    }
}
