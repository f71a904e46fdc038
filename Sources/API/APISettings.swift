package import Domain

/// What an operator decides about the REST API.
package struct APISettings: Sendable {
    /// How long a session lives after its last refresh.
    package var refreshLifetime: Duration
    /// How long a WebSocket ticket may be used.
    package var ticketLifetime: Duration
    /// Most members of a chat, its founder included.
    package var memberLimit: Int
    /// The time that tokens and sessions go by.
    package var now: @Sendable () -> Timestamp

    /// Settings with the defaults of the contract; the clock is the caller's.
    package init(
        refreshLifetime: Duration = .seconds(30 * 86_400),
        ticketLifetime: Duration = .seconds(30),
        memberLimit: Int = 100,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.refreshLifetime = refreshLifetime
        self.ticketLifetime = ticketLifetime
        self.memberLimit = memberLimit
        self.now = now
    }
}
