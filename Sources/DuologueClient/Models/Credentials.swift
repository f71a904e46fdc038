extension DuologueClient {
    /// What a session is continued with after the program was ended: to be kept as secret as a password.
    ///
    /// Only the newest are good: the client renews them while it runs, and tells by `DuologueEvent.credentialsRenewed`.
    public struct Credentials: Sendable, Hashable {
        /// Shown with every request; short-lived.
        public let accessToken: String
        /// Good for one renewal.
        public let refreshToken: String
        /// How long the access token lives, from when it was issued.
        public let lifetime: Duration

        /// Credentials that were kept; a lifetime of zero has them renewed before their first use.
        public init(accessToken: String, refreshToken: String, lifetime: Duration = .zero) {
            self.accessToken = accessToken
            self.refreshToken = refreshToken
            self.lifetime = lifetime
        }
    }
}

extension DuologueClient.Credentials: ContractModel {
    init(_ fields: ContractFields) throws(DuologueError) {
        self.init(
            accessToken: try fields.required("access_token"),
            refreshToken: try fields.required("refresh_token"),
            lifetime: .seconds(try fields.required("expires_in", as: Int64.self))
        )
    }
}
