internal import Domain
internal import IOCore
internal import Messaging

extension Hub {
    /// Takes in an authenticated session: tells it its chats, then what it missed since, then what happens.
    ///
    /// The chats are heard before their heads are read, so that nothing falls between.
    func join(_ session: GatewaySession, user: UserID) async throws {
        sessions[user, default: []].append(session)
        metrics.sockets.add(1)
        let expected = try await directory.heads(of: user).map(\.chat)
        let held = expected.map(channel(of:))
        for channel in held { channel.joining += 1 }
        defer {
            for channel in held {
                channel.joining -= 1
                forgetIfUnused(channel)
            }
        }
        let heads = try await directory.heads(of: user)
        guard session.isOpen else { return }
        session.deliver(ServerFrames.ready(user: user, epoch: epoch ?? "", heads: heads))
        session.isLive = true
        var behind: [(ChatChannel, Offset)] = []
        for head in heads {
            let channel = channel(of: head.chat)
            pass(channel.stream.learn(head: head.lastOffset), to: channel)
            if !attach(session, to: channel, from: head.lastOffset) { behind.append((channel, head.lastOffset)) }
        }
        // Chats it was added to while the heads were read, and that the heads do not show yet.
        for chat in session.addedEarly
        where !session.chats.contains(chat) && !heads.contains(where: { $0.chat == chat }) {
            let channel = channel(of: chat)
            pass(channel.stream.learn(head: .zero), to: channel)
            if !attach(session, to: channel, from: .zero) { behind.append((channel, .zero)) }
        }
        session.addedEarly = []
        for (channel, offset) in behind { try await catchUp(session, user: user, with: channel, from: offset) }
    }

    /// Forgets a session that has closed.
    func leave(_ session: GatewaySession, user: UserID) {
        guard let index = sessions[user]?.firstIndex(where: { $0 === session }) else { return }
        sessions[user]?.remove(at: index)
        if sessions[user]?.isEmpty == true { sessions[user] = nil }
        metrics.sockets.add(-1)
        session.isLive = false
        for chat in session.chats {
            if let channel = channels[chat] { detach(session, from: channel) }
        }
        session.chats = []
    }

    /// Makes a session a member, beginning after `offset`, with what the loop has already passed on since; false when
    /// that is no longer all kept, and the store must be asked.
    @discardableResult
    func attach(_ session: GatewaySession, to channel: ChatChannel, from offset: Offset) -> Bool {
        guard let missed = channel.stream.replay(after: offset) else {
            channel.joining += 1
            return false
        }
        for event in missed { session.deliver(event.frame) }
        channel.members.append(ChatChannel.Member(session: session, from: offset))
        session.chats.append(channel.chat)
        return true
    }

    func detach(_ session: GatewaySession, from channel: ChatChannel) {
        if let index = channel.members.firstIndex(where: { $0.session === session }) {
            channel.members.swapAt(index, channel.members.count - 1)
            channel.members.removeLast()
        }
        if session.isLive { session.chats.removeAll { $0 == channel.chat } }
        forgetIfUnused(channel)
    }

    func channel(of chat: ChatID) -> ChatChannel {
        if let known = channels[chat] { return known }
        let made = ChatChannel(chat: chat)
        channels[chat] = made
        return made
    }

    private func forgetIfUnused(_ channel: ChatChannel) {
        if channel.members.isEmpty, channel.joining == 0 { channels[channel.chat] = nil }
    }

    /// Sends what a session missed from the store until the loop's own memory reaches back far enough.
    private func catchUp(
        _ session: GatewaySession,
        user: UserID,
        with channel: ChatChannel,
        from start: Offset
    ) async throws {
        defer {
            channel.joining -= 1
            forgetIfUnused(channel)
        }
        var offset = start
        while session.isOpen {
            for announcement in try await reader.announcements(of: channel.chat, after: offset, limit: Self.fillLimit) {
                session.deliver(OutboundEvent(announcement).frame)
                offset = announcement.offset
                if announcement.removed.contains(user) { return }
            }
            if attach(session, to: channel, from: offset) { return }
            channel.joining -= 1
        }
    }
}
