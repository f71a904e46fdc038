package import Domain
internal import IOCore
internal import Web

/// Events that nobody stores, numbers or orders: they go to whoever is there, and are the first to be dropped.
extension Hub {
    package func receive(_ events: [EphemeralEvent]) {
        for event in events { pass(event) }
    }

    /// Sends an event to the sockets in its scope, one frame for all of them.
    ///
    /// Members of a chat are sockets that have seen its events so far: none before `ready`, none while it catches up, none after
    /// `participant.removed`.
    private func pass(_ event: EphemeralEvent) {
        if let mark = event.mark, presence?.heard(mark) == false { return }
        var excluded: Set<ObjectIdentifier> = []
        for user in event.hiddenFrom + [event.excluded].compactMap({ $0 }) {
            for session in sessions[user] ?? [] { excluded.insert(ObjectIdentifier(session)) }
        }
        var frame: SharedFrame?
        func deliver(to session: any EventReceiver) {
            guard !excluded.contains(ObjectIdentifier(session)) else { return }
            let shared = frame ?? SharedFrame.text(event.payload)
            frame = shared
            session.deliverEphemeral(shared)
        }
        switch event.scope {
        case .chat(let chat):
            guard let channel = channels[chat] else { return }
            for member in channel.members { deliver(to: member.session) }
        case .chats(let chats, let user):
            presence?.passes(user)
            var reached: Set<ObjectIdentifier> = []
            func deliverOnce(to session: any EventReceiver) {
                if reached.insert(ObjectIdentifier(session)).inserted { deliver(to: session) }
            }
            for session in sessions[user] ?? [] where session.subscription.isLive { deliverOnce(to: session) }
            for chat in chats { for member in channels[chat]?.members ?? [] { deliverOnce(to: member.session) } }
        case .users(let users):
            for user in users {
                // A socket of one chat has not asked for what is about none.
                for session in sessions[user] ?? []
                where session.subscription.isLive && session.subscription.only == nil { deliver(to: session) }
            }
        case .user(let user, let chat):
            for session in sessions[user] ?? []
            where session.subscription.isLive && session.subscription.chats.contains(chat) { deliver(to: session) }
        case .sockets(let user, let chats):
            let wanted = Set(chats)
            for session in sessions[user] ?? []
            where session.subscription.isLive && !wanted.isDisjoint(with: session.subscription.chats) {
                deliver(to: session)
            }
        }
    }

    /// Whether a user is in a chat, as far as one of their live sockets on this loop has been told.
    func isMember(_ user: UserID, of chat: ChatID) -> Bool {
        sessions[user]?.contains { $0.subscription.isLive && $0.subscription.chats.contains(chat) } ?? false
    }
}
