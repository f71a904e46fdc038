/// How clients and subscribers reach Redis and when they give up.
package struct RedisConfiguration: Sendable {
    /// The server or cluster, its credentials and its database.
    package var url: RedisURL
    /// What CLIENT LIST calls our connections; no spaces.
    package var clientName = "duologue"
    /// How long connecting, authentication included, may take.
    package var connectDeadline: Duration = .seconds(2)
    /// How long a command waits for its reply; then its connection is given up.
    package var commandDeadline: Duration = .seconds(2)
    /// The most commands of one connection that wait for their replies.
    package var pendingLimit = 4_096
    /// The most channels of one subscriber.
    package var channelLimit = 100_000
    /// After how long a silence a PING asks whether the server lives.
    package var watchdogInterval: Duration = .seconds(1)
    /// How long that PING waits.
    package var watchdogDeadline: Duration = .seconds(2)
    /// The first and the longest pause between attempts to connect; every pause is drawn at random below it.
    package var reconnectPause: ClosedRange<Duration> = .milliseconds(50)...(.seconds(1))
    /// After how long the map of a cluster is learnt again though nothing calls for it.
    package var discoveryInterval: Duration = .seconds(15)
    /// How long one node may take to tell the map, connecting included and then once more.
    package var discoveryDeadline: Duration = .seconds(1)
    /// The first and the longest pause between attempts to learn the map of a cluster that changes, drawn as above.
    package var discoveryPause: ClosedRange<Duration> = .milliseconds(50)...(.milliseconds(500))
    /// How large replies may become.
    package var replyLimits = RedisReplyLimits()
    /// The most bytes that wait to be written on one connection.
    package var outboundBytes = 64 * 1024 * 1024

    /// Makes the defaults for a server.
    package init(url: RedisURL) {
        self.url = url
    }
}
