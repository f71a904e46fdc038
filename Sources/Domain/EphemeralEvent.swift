/// An event that nobody stores, numbers or orders, such as typing, presence or a receipt.
package struct EphemeralEvent: Sendable, Equatable {
    /// Who is to get it.
    package enum Scope: Sendable, Equatable {
        /// The members of a chat.
        case chat(ChatID)
        /// The members of any of these chats and the user it is about, each socket once.
        case chats([ChatID], of: UserID)
        /// These users, wherever they are.
        case users([UserID])
        /// The sockets of a user that follow a chat, also those of that chat alone.
        case user(UserID, in: ChatID)
        /// The sockets of a user that follow any of these chats, each once.
        case sockets(of: UserID, inAny: [ChatID])
    }

    /// Who is to get it.
    package var scope: Scope
    /// One of them who is left out, mostly whoever caused it.
    package var excluded: UserID?
    /// Others who are left out, of whom somebody wants nothing known or nothing to do with.
    package var hiddenFrom: [UserID]
    /// The change of presence that it tells, to all who may see it.
    package var mark: PresenceMark?
    /// The JSON text of the frame as clients receive it.
    package var payload: [UInt8]

    /// Makes an event of all its fields.
    package init(
        to scope: Scope,
        excluding excluded: UserID? = nil,
        hiddenFrom: [UserID] = [],
        mark: PresenceMark? = nil,
        payload: [UInt8]
    ) {
        self.scope = scope
        self.excluded = excluded
        self.hiddenFrom = hiddenFrom
        self.mark = mark
        self.payload = payload
    }
}
