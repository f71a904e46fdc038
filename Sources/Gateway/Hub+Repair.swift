internal import Domain
internal import IOCore
internal import Messaging

/// Finding out what was missed: holes are filled from the stores, and what this loop knows is compared with them.
extension Hub {
    /// Most chats, and most users, each perhaps of many chats, asked for in one statement.
    private static let chatsComparedAtOnce = 500
    private static let usersComparedAtOnce = 100

    func scheduleFill(of channel: ChatChannel) {
        guard !channel.isFillScheduled else { return }
        channel.isFillScheduled = true
        loop.schedule(after: channel.holeDelay ?? settings.holeDelay) { [weak self, weak channel] in
            guard let self, let channel else { return }
            channel.isFillScheduled = false
            // Most holes close by themselves: the missing event was on its way.
            if channel.stream.hasHole { enqueueFill(of: channel.chat) }
        }
    }

    /// Queues a session that is behind; one for which the store had nothing is left until it may have.
    func enqueue(_ latecomer: Latecomer, isProgressing: Bool) {
        let work = { [self] in await catchUp(latecomer) }
        guard !isProgressing else { return repairs.add(work) }
        loop.schedule(after: settings.holeDelay) { [repairs] in repairs.add(work) }
    }

    func enqueueFill(of chat: ChatID) {
        guard queuedFills.insert(chat).inserted else { return }
        repairs.add { [self] in
            queuedFills.remove(chat)
            await fill(chat)
        }
    }

    func fill(_ chat: ChatID) async {
        guard let channel = channels[chat], let delivered = channel.stream.delivered else { return }
        do {
            let events = try await reader.announcements(of: chat, after: delivered, limit: Self.fillLimit)
            metrics.fills.increment()
            receive(events)
            // A page may end before the events do; one without any tells that there are no more.
            if events.isEmpty { waitForCovered(channel) } else { enqueueFill(of: chat) }
        } catch {
            logger.warning("hole not filled", ["chat_id": .int(Int(chat.rawValue)), "error": .string("\(error)")])
        }
        if channel.stream.hasHole { scheduleFill(of: channel) }
    }

    /// What the stores do not give is covered: its node may have crashed between its commit and its announcement.
    ///
    /// Where asking does not help, as with a chat that is set aside, it is asked for ever more rarely.
    private func waitForCovered(_ channel: ChatChannel) {
        guard let end = channel.stream.holeEnd else { return }
        finishCovering?(channel.chat, end)
        channel.holeDelay = min((channel.holeDelay ?? settings.holeDelay) * 2, settings.heartbeat)
    }

    /// Looks for events of the chats heard here that were announced and did not come.
    func compareHeads() async {
        for chats in pages(of: channels.keys, of: Self.chatsComparedAtOnce) {
            do {
                for (chat, head) in try await directory.announcedOffsets(of: chats) {
                    guard let delivered = channels[chat]?.stream.delivered, delivered < head else { continue }
                    enqueueFill(of: chat)
                }
            } catch {
                logger.warning("heads not compared", ["error": .string("\(error)")])
            }
        }
    }

    /// Looks for chats that took in a user of this loop while it did not hear them.
    func compareMemberships() async {
        for users in pages(of: sessions.keys, of: Self.usersComparedAtOnce) {
            do {
                for start in try await directory.announcedMemberships(of: users) { take(start) }
            } catch {
                logger.warning("memberships not compared", ["error": .string("\(error)")])
            }
        }
    }

    private func take(_ start: MembershipStart) {
        for session in sessions[start.user] ?? []
        where session.subscription.isLive && session.subscription.mayJoin(start.chat, at: start.offset) {
            // Where the chat is heard and the event has not come, it will add the session when it does.
            if let delivered = channels[start.chat]?.stream.delivered, delivered < start.offset { continue }
            attach(session, user: start.user, to: start.chat, with: start.offset)
            enqueueFill(of: start.chat)
        }
    }

    private func pages<Key>(of keys: some Collection<Key>, of size: Int) -> [[Key]] {
        let all = Array(keys)
        return stride(from: 0, to: all.count, by: size).map { Array(all[$0..<min($0 + size, all.count)]) }
    }
}
