package import Domain

/// What an access token says, once its signature and its addressees have been checked.
package struct AccessToken: Equatable, Sendable {
    package let user: UserID
    /// The session that the token was issued in; ending the session ends the token's use.
    package let session: SessionID
    /// In whole seconds, as JWTs count.
    package let issuedAt: Timestamp
    /// In whole seconds; from this moment on the token is refused.
    package let expiresAt: Timestamp
    /// The name of this one token (`jti`), where it was given one.
    package let tokenID: String?

    /// A token issued at `issuedAt`, cut to whole seconds, that ends `lifetime` later.
    package init(
        user: UserID,
        session: SessionID,
        issuedAt: Timestamp,
        lifetime: Duration,
        tokenID: String? = nil
    ) {
        let issued = issuedAt.milliseconds / 1_000
        self.init(
            user: user,
            session: session,
            issuedAtSeconds: issued,
            expiresAtSeconds: issued + lifetime.components.seconds,
            tokenID: tokenID
        )
    }

    init(user: UserID, session: SessionID, issuedAtSeconds: Int64, expiresAtSeconds: Int64, tokenID: String?) {
        self.user = user
        self.session = session
        issuedAt = Timestamp(milliseconds: issuedAtSeconds * 1_000)
        expiresAt = Timestamp(milliseconds: expiresAtSeconds * 1_000)
        self.tokenID = tokenID
    }

    /// Who is calling, to the rest of the server.
    package var caller: Caller {
        Caller(user: user, session: session, expiresAt: expiresAt)
    }
}
