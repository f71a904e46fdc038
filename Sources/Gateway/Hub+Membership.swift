internal import Domain
internal import IOCore
internal import Messaging

extension Hub {
    /// A session to which the loop's own memory no longer reaches back: it reads from the store first.
    struct Latecomer {
        let session: any EventReceiver
        let user: UserID
        let channel: ChatChannel
        /// Its membership begins after this event; the last it has seen may be earlier.
        let memberFrom: Offset
        /// The last offset it has seen.
        var offset: Offset
        /// Where its membership ended, until an event begins it again.
        var removedAt: Offset?

        /// Sends it the next event, if it is a member at it.
        mutating func see(_ event: OutboundEvent) {
            offset = event.offset
            guard offset > memberFrom else { return }
            if event.added.contains(user) { removedAt = nil }
            if removedAt == nil { session.deliver(event.frame) }
            if event.removed.contains(user) { removedAt = event.offset }
        }
    }

    /// Takes in an authenticated session: tells it its chats, then what it missed, then what happens.
    ///
    /// The chats are heard before their heads are read, so that nothing falls between.
    func join(_ session: any EventReceiver, user: UserID, resuming request: ResumeRequest? = nil) async throws {
        sessions[user, default: []].append(session)
        metrics.sockets.add(1)
        var held: [ChatID: ChatChannel] = [:]
        defer { for channel in held.values { release(channel) } }
        // Read until there is none among them that was not heard while they were read.
        var heads: [ChatHead]
        repeat {
            heads = try await readHeads(of: user, for: session)
        } while hold(heads, in: &held)
        guard session.isOpen else { return }
        if let chat = session.subscription.only, heads.isEmpty {
            return session.close(.forbidden, reason: "there is no chat \(chat) that you are in")
        }
        guard heads.count <= settings.maximumChats else {
            return session.close(.rateLimited, reason: "too many chats for one socket; open one for a chat")
        }
        session.deliver(ServerFrames.ready(user: user, epoch: epoch ?? "", heads: heads))
        await session.waitUntilDrained()
        guard session.isOpen else { return }
        var seen: [ChatID: Offset] = [:]
        if let request {
            for head in heads {
                let channel = channel(of: head.chat)
                pass(channel.stream.learn(head: head.lastOffset), to: channel)
            }
            let followed = request.cursors.filter { session.subscription.follows($0.key) }
            let request = ResumeRequest(epoch: request.epoch, cursors: followed)
            let plan = ResumePlan(request, heads: heads, epoch: epoch ?? "")
            try await catchUp(session, user, plan)
            guard session.isOpen else { return }
            seen = plan.seen
        }
        session.subscription.isLive = true
        for head in heads { attach(session, user: user, at: head, seen: seen[head.chat] ?? head.lastOffset) }
        // Those that came while the heads were read; of chats among the heads they are old. They are for this socket alone: all
        // others had them when they came.
        let early = session.subscription.addedEarly
        session.subscription.addedEarly = []
        for announcement in early {
            expect(session, user, in: announcement)
            order(announcement)
        }
        presence?.joined(session, user: user)
    }

    private func readHeads(of user: UserID, for session: any EventReceiver) async throws -> [ChatHead] {
        let chat = session.subscription.only
        return try await reading { try await directory.heads(of: user, only: chat) }
    }

    /// Keeps the chats heard; whether any was not yet.
    private func hold(_ heads: [ChatHead], in held: inout [ChatID: ChatChannel]) -> Bool {
        let count = held.count
        for head in heads where held[head.chat] == nil {
            let channel = channel(of: head.chat)
            channel.joining += 1
            held[head.chat] = channel
        }
        return held.count > count
    }

    /// Forgets a session that has closed.
    func leave(_ session: any EventReceiver, user: UserID) {
        guard let index = sessions[user]?.firstIndex(where: { $0 === session }) else { return }
        sessions[user]?.remove(at: index)
        if sessions[user]?.isEmpty == true { sessions[user] = nil }
        metrics.sockets.add(-1)
        endTyping(on: session)
        presence?.left(session, user: user)
        for chat in session.subscription.chats {
            guard let channel = channels[chat] else { continue }
            channel.remove(session)
            forgetIfUnused(channel)
        }
        session.subscription = Subscription()
    }

    /// A session of a user that an event adds receives the chat's events from that one on.
    ///
    /// Where this loop already hears the chat, the event adds the session when its turn comes: it may have come early, before
    /// the one that ended an earlier membership.
    func expect(_ session: any EventReceiver, _ user: UserID, in announcement: Announcement) {
        guard session.subscription.isLive else {
            let known = session.subscription.addedEarly
            let isKnown = known.contains { $0.chat == announcement.chat && $0.offset == announcement.offset }
            if !isKnown { session.subscription.addedEarly.append(announcement) }
            return
        }
        let chat = announcement.chat
        guard session.subscription.mayJoin(chat, at: announcement.offset) else { return }
        if let delivered = channels[chat]?.stream.delivered, delivered < announcement.offset { return }
        let isHeard = channels[chat]?.stream.delivered != nil
        attach(session, user: user, to: chat, with: announcement.offset)
        // It may be an old one, repeated, and the membership over: the stores tell.
        if !isHeard { enqueueFill(of: chat) }
    }

    /// Makes a session a member, beginning with the event that takes its user in.
    func attach(_ session: any EventReceiver, user: UserID, to chat: ChatID, with offset: Offset) {
        let from = Offset(rawValue: offset.rawValue - 1)
        attach(session, user: user, to: channel(of: chat), head: from, memberFrom: from)
        presence?.entered(chat, session, user: user, at: offset)
    }

    /// Begins the membership of a user's sessions with the event they are about to be sent.
    func add(_ user: UserID, to channel: ChatChannel, at offset: Offset) {
        for session in sessions[user] ?? []
        where session.subscription.isLive && session.subscription.mayJoin(channel.chat, at: offset) {
            session.subscription.chats.append(channel.chat)
            channel.members.append(ChatChannel.Member(session: session, from: Offset(rawValue: offset.rawValue - 1)))
            // The last member may have gone with an event a moment before, and the channel with them.
            channels[channel.chat] = channel
            presence?.entered(channel.chat, session, user: user, at: offset)
        }
    }

    /// Ends the membership of a user's sessions with the event they have just been sent.
    func remove(_ user: UserID, from channel: ChatChannel, at offset: Offset) {
        for session in sessions[user] ?? []
        where channel.members.contains(where: { $0.session === session && $0.from < offset }) {
            channel.remove(session)
            session.end(channel.chat, at: offset)
        }
        forgetIfUnused(channel)
    }

    func channel(of chat: ChatID) -> ChatChannel {
        if let known = channels[chat] { return known }
        let made = ChatChannel(chat: chat)
        channels[chat] = made
        return made
    }

    /// Sends a page of what a session missed; it becomes a member once the loop's own memory reaches back far enough.
    func catchUp(_ latecomer: Latecomer) async {
        var latecomer = latecomer
        let (session, channel, start) = (latecomer.session, latecomer.channel, latecomer.offset)
        defer { release(channel) }
        do {
            guard session.isOpen else { return }
            if !session.isBacklogged, channel.stream.replay(after: start) == nil {
                let missed = try await reader.announcements(of: channel.chat, after: start, limit: Self.fillLimit)
                // It may have closed meanwhile, and been forgotten.
                guard session.isOpen else { return }
                for announcement in missed {
                    guard !session.isBacklogged else { break }
                    latecomer.see(OutboundEvent(announcement))
                }
            }
            admit(latecomer, isProgressing: latecomer.offset > start)
        } catch {
            logger.warning("socket not caught up", ["error": .string("\(error)")])
            session.giveUp()
        }
    }

    /// Makes a session a member of a chat as `ready` showed it, of which it has seen the events up to an offset.
    ///
    /// What is committed beyond the head may have been announced before this loop heard the chat.
    private func attach(_ session: any EventReceiver, user: UserID, at head: ChatHead, seen: Offset) {
        let channel = channel(of: head.chat)
        attach(session, user: user, to: channel, head: head.lastOffset, memberFrom: max(seen, head.seenOffset))
        channel.stream.expect(through: head.committedOffset)
        if channel.stream.hasHole { scheduleFill(of: channel) }
    }

    /// Makes a session a member, beginning after `memberFrom`; `head` is the chat's where this loop did not hear it yet.
    private func attach(
        _ session: any EventReceiver,
        user: UserID,
        to channel: ChatChannel,
        head: Offset,
        memberFrom: Offset
    ) {
        guard session.isOpen else { return forgetIfUnused(channel) }
        session.subscription.chats.append(channel.chat)
        pass(channel.stream.learn(head: head), to: channel)
        let latecomer = Latecomer(
            session: session,
            user: user,
            channel: channel,
            memberFrom: memberFrom,
            offset: head
        )
        admit(latecomer, isProgressing: true)
    }

    /// Makes a session a member, with what the loop has passed on since; where that is no longer all kept, the store is
    /// asked, and where the socket does not take it as fast, the rest follows later.
    ///
    /// What was passed on may hold the end of this very membership, and the beginning of another.
    private func admit(_ latecomer: Latecomer, isProgressing: Bool) {
        var latecomer = latecomer
        let (session, channel) = (latecomer.session, latecomer.channel)
        guard let missed = channel.stream.replay(after: latecomer.offset) else {
            channel.joining += 1
            return enqueue(latecomer, isProgressing: isProgressing)
        }
        defer { forgetIfUnused(channel) }
        for event in missed {
            guard !session.isBacklogged else {
                channel.joining += 1
                return enqueue(latecomer, isProgressing: false)
            }
            latecomer.see(event)
        }
        guard session.isOpen else { return }
        if let removedAt = latecomer.removedAt { return session.end(channel.chat, at: removedAt) }
        channel.members.append(ChatChannel.Member(session: session, from: max(latecomer.offset, latecomer.memberFrom)))
    }

    private func release(_ channel: ChatChannel) {
        channel.joining -= 1
        forgetIfUnused(channel)
    }

    /// A chat is kept for its sockets, and as long as it remembers events; an event behind a hole may add somebody, so the
    /// hole is filled first.
    func forgetIfUnused(_ channel: ChatChannel) {
        let isUnused = channel.members.isEmpty && channel.joining == 0
        if isUnused, !channel.stream.hasHole, !channel.stream.remembers { channels[channel.chat] = nil }
    }
}

extension EventReceiver {
    /// Remembers where its membership ended.
    fileprivate func end(_ chat: ChatID, at offset: Offset) {
        subscription.chats.removeAll { $0 == chat }
        subscription.left[chat] = offset
    }
}
