package import Domain

/// What a gateway is configured with.
package struct GatewaySettings: Sendable {
    /// How often heads are compared and clients told.
    package var heartbeat: Duration
    /// How long an event may be missing before the stores are asked for it.
    package var holeDelay: Duration
    /// How long a client may take to authenticate.
    package var authDeadline: Duration
    /// How long a client that wants to resume may take to say from where.
    package var resumeDeadline: Duration
    /// How long events are kept for those who connect, and how many bytes of them on a loop.
    package var recentAge: Duration
    package var recentBytes: Int
    /// How long a peer may be silent before it counts as dead.
    package var silenceLimit: Duration
    /// How long what a node says of its users outlives it.
    package var presenceLifetime: Duration
    /// How long a user without any socket still counts as present.
    package var presenceGrace: Duration
    /// How long the sockets of a node that stops are told so, one after the other, at most.
    package var drain: Duration
    /// Frames a client may send in a second, on average.
    package var framesPerSecond: Int
    /// Chats that one socket may follow.
    package var maximumChats: Int
    /// The largest frame a client may send.
    package var maximumFrameBytes: Int
    /// Whether permessage-deflate is agreed to where a client offers it.
    package var compresses: Bool
    /// Web origins that may connect; programs send none.
    package var allowedOrigins: Set<String>
    /// The wall clock, for tokens.
    package var now: @Sendable () -> Timestamp

    /// The defaults of the design.
    package init(allowedOrigins: Set<String> = [], now: @escaping @Sendable () -> Timestamp) {
        heartbeat = .seconds(15)
        holeDelay = .milliseconds(250)
        authDeadline = .seconds(5)
        resumeDeadline = .seconds(5)
        recentAge = .seconds(120)
        recentBytes = 32 * 1024 * 1024
        silenceLimit = .seconds(45)
        presenceLifetime = .seconds(60)
        presenceGrace = .seconds(5)
        drain = .seconds(10)
        framesPerSecond = 20
        maximumChats = 10_000
        maximumFrameBytes = 131_072
        compresses = true
        self.allowedOrigins = allowedOrigins
        self.now = now
    }
}
