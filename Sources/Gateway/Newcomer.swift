internal import Domain

/// A live socket that is to be told who is present.
struct Newcomer {
    private(set) weak var session: (any EventReceiver)?
    let user: UserID
    /// The chat that it was taken into while it was live; nil for one that has just become live.
    let chat: ChatID?
    /// Whether others were in that chat before, who are told of its user as well.
    let isIntroduced: Bool

    /// A socket that has become live.
    init(_ session: any EventReceiver, user: UserID) {
        self.init(session, user, chat: nil, isIntroduced: false)
    }

    /// A live socket that an event has taken into a chat; by the first event all come at once.
    init(_ session: any EventReceiver, user: UserID, in chat: ChatID, since offset: Offset) {
        self.init(session, user, chat: chat, isIntroduced: offset > Offset(rawValue: 1))
    }

    private init(_ session: any EventReceiver, _ user: UserID, chat: ChatID?, isIntroduced: Bool) {
        self.session = session
        self.user = user
        self.chat = chat
        self.isIntroduced = isIntroduced
    }

    /// The chats whose people it is told of, as far as it is still in them.
    var chats: [ChatID] {
        let all = session?.subscription.chats ?? []
        return chat.map { all.contains($0) ? [$0] : [] } ?? all
    }
}
