/// What an access token says, once its signature and its addressees have been checked.
package struct AccessToken: Equatable, Sendable {
    package let userID: Int64
    /// The UUID of the session that the token was issued in; ending the session ends the token's use.
    package let sessionID: String
    /// Seconds since 1970.
    package let issuedAt: Int64
    /// Seconds since 1970; from this second on the token is refused.
    package let expiresAt: Int64
    /// The name of this one token, where it was given one.
    package let tokenID: String?

    package init(userID: Int64, sessionID: String, issuedAt: Int64, expiresAt: Int64, tokenID: String? = nil) {
        self.userID = userID
        self.sessionID = sessionID
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.tokenID = tokenID
    }
}
