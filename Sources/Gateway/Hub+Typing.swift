internal import Domain
internal import IOCore
internal import Messaging

/// Who is typing, told to the other members of the chat on every node.
extension Hub {
    private static let typingInterval = Duration.milliseconds(250)
    private static let untoldLimit = 10_000

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
                tell(place, isTyping: true)
            case .started(let place): _ = typing.sent(place)
            case .stopped(let place): tell(place, isTyping: false)
            }
        }
    }

    /// Tells others once it is known who is not to see it; in the order of the changes, all that wait in one look.
    private func tell(_ place: TypingStates.Place, isTyping: Bool) {
        guard let scope else {
            publish?(EphemeralEncoder.typing(place.user, in: place.chat, isTyping: isTyping))
            return
        }
        guard untoldTyping.count < Self.untoldLimit else { return }
        untoldTyping.append((place, isTyping))
        guard !isTellingTyping else { return }
        isTellingTyping = true
        repairs.add { [self] in
            await tellTyping(scope)
            isTellingTyping = false
        }
    }

    private func tellTyping(_ scope: any PresenceScope) async {
        while !untoldTyping.isEmpty {
            let changes = untoldTyping
            untoldTyping = []
            do {
                let reserves = try await scope.reserves(of: Array(Set(changes.map(\.place.user))))
                // They may have left while it was looked up.
                for (place, isTyping) in changes where !isTyping || isMember(place.user, of: place.chat) {
                    let hidden = reserves[place.user]?.hidden ?? []
                    let event = EphemeralEncoder.typing(
                        place.user,
                        in: place.chat,
                        isTyping: isTyping,
                        hiddenFrom: hidden
                    )
                    publish?(event)
                }
            } catch {
                logger.debug("typing not told", ["error": .string("\(error)")])
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
