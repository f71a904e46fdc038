internal import Domain

/// What a client asked for when it opened its socket.
struct SocketTerms {
    /// The one chat it wants to hear; nil for all.
    var chat: ChatID?
    /// Whether it will say from where it wants to go on.
    var resumes: Bool
}
