internal import Domain

/// An account made for a run, logged in.
struct LoadUser: Sendable {
    let id: UserID
    let username: String
    let password: String
    let accessToken: String
    /// The server process this user talks to.
    let server: ServerAddress
}
