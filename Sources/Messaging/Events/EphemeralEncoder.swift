package import Domain
internal import JSON

/// Makes the ephemeral events of the contract with clients.
package enum EphemeralEncoder {
    /// Somebody begins or ends typing; everyone in the chat but themselves is told.
    package static func typing(
        _ user: UserID,
        in chat: ChatID,
        isTyping: Bool,
        hiddenFrom: Set<UserID> = []
    ) -> EphemeralEvent {
        var writer = frame(isTyping ? "typing.start" : "typing.stop")
        writer.key("chat_id")
        writer.integer(chat.rawValue)
        writer.key("user_id")
        writer.integer(user.rawValue)
        writer.endObject()
        return EphemeralEvent(
            to: .chat(chat),
            excluding: user,
            hiddenFrom: hiddenFrom.sorted(),
            payload: writer.bytes
        )
    }

    /// Somebody has read a chat up to a message; their own devices are among those told.
    package static func receipt(_ mark: ReadMark, to scope: EphemeralEvent.Scope) -> EphemeralEvent {
        var writer = frame("receipt")
        writer.key("chat_id")
        writer.integer(mark.chat.rawValue)
        writer.key("user_id")
        writer.integer(mark.user.rawValue)
        writer.key("read_seq")
        writer.integer(mark.sequence.rawValue)
        writer.endObject()
        return EphemeralEvent(to: scope, payload: writer.bytes)
    }

    /// What somebody is about to say in a chat, nil for nothing any more; their own devices are told.
    package static func draft(_ draft: SyncedDraft?, in chat: ChatID, of user: UserID) -> EphemeralEvent {
        var writer = frame("draft.updated")
        writer.key("chat_id")
        writer.integer(chat.rawValue)
        writer.key("draft")
        if let draft { writer.draft(draft) } else { writer.null() }
        writer.endObject()
        return EphemeralEvent(to: .user(user, in: chat), payload: writer.bytes)
    }

    /// What a member has changed about their own side of a chat; their devices are told.
    package static func membership(_ my: Membership, of chat: ChatID, to user: UserID) -> EphemeralEvent {
        var writer = frame("my.updated")
        writer.key("chat_id")
        writer.integer(chat.rawValue)
        writer.key("my")
        writer.membership(my)
        writer.endObject()
        return EphemeralEvent(to: .user(user, in: chat), payload: writer.bytes)
    }

    /// What a change of somebody's presence tells: the members of chats what they see, and the user's own devices all of it.
    ///
    /// Nothing where nobody sees a difference.
    package static func presence(
        _ state: PresenceState,
        to chats: [ChatID],
        _ reserve: PresenceReserve = PresenceReserve()
    ) -> [EphemeralEvent] {
        let (user, seen) = (state.user, state.status.asSeen)
        let isTold = seen == .offline && !reserve.keepsLastSeen
        let payload = presence(of: user, seen, lastSeen: isTold ? state.lastSeen : nil)
        let isHidden = state.status == .invisible
        let mark = PresenceMark(user: user, toldAt: state.toldAt)
        var events: [EphemeralEvent] = []
        if state.before.asSeen != seen {
            let scope = EphemeralEvent.Scope.chats(chats, of: user)
            let event = EphemeralEvent(
                to: scope,
                excluding: isHidden ? user : nil,
                hiddenFrom: reserve.hidden.sorted(),
                mark: mark,
                payload: payload
            )
            events.append(event)
        }
        if isHidden {
            let own = presence(of: user, .invisible, lastSeen: nil)
            events.append(EphemeralEvent(to: .users([user]), mark: mark, payload: own))
        }
        return events
    }

    /// The frame that tells how present somebody is.
    package static func presence(of user: UserID, _ status: PresenceStatus, lastSeen: Timestamp?) -> [UInt8] {
        var writer = frame("presence")
        writer.key("user_id")
        writer.integer(user.rawValue)
        writer.key("status")
        writer.string(status.rawValue)
        writer.key("last_seen")
        writer.time(lastSeen)
        writer.endObject()
        return writer.bytes
    }

    private static func frame(_ type: String) -> JSONWriter {
        var writer = JSONWriter(reservingCapacity: 96)
        writer.beginObject()
        writer.key("type")
        writer.string(type)
        return writer
    }
}
