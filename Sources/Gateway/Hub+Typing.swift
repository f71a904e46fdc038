internal import Domain
internal import IOCore
internal import Messaging

/// Who is typing, told to the other members of the chat on every node.
extension Hub {
    private static let typingInterval = Duration.milliseconds(250)

    /// A socket of a member says that its user types, or has stopped.
    func type(_ isTyping: Bool, in chat: ChatID, by user: UserID, on session: any EventReceiver) {
        let place = TypingStates.Place(chat: chat, user: user)
        let socket = ObjectIdentifier(session)
        tell(isTyping ? typing.start(place, by: socket, now: loop.now) : typing.stop(place, by: socket))
        watchTyping()
    }

    /// What a user typed in a chat is sent.
    func endTyping(of user: UserID, in chat: ChatID) { tell(typing.sent(TypingStates.Place(chat: chat, user: user))) }

    /// A socket is closed.
    func endTyping(on session: any EventReceiver) { tell(typing.close(ObjectIdentifier(session))) }

    private func tell(_ changes: [TypingStates.Change]) {
        for change in changes {
            switch change {
            // It may have waited for its time, and the user have left meanwhile.
            case .started(let place) where isMember(place.user, of: place.chat):
                publish?(EphemeralEncoder.typing(place.user, in: place.chat, isTyping: true))
            case .started(let place): _ = typing.sent(place)
            case .stopped(let place): publish?(EphemeralEncoder.typing(place.user, in: place.chat, isTyping: false))
            }
        }
    }

    /// Lets time pass while somebody types.
    private func watchTyping() {
        guard !isTypingWatched, !typing.isEmpty else { return }
        isTypingWatched = true
        loop.schedule(after: Self.typingInterval) { [weak self] in
            guard let self else { return }
            isTypingWatched = false
            tell(typing.tick(now: loop.now))
            watchTyping()
        }
    }
}
