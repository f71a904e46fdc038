package import IOCore

/// What a server accepts from one connection and how long it waits.
package struct HTTPLimits: Sendable {
    /// The whole head: request line, header lines and the blank line.
    package var headBytes = 16 * 1024
    /// The request line (414 beyond) or one header line (431 beyond), without its line end.
    package var lineBytes = 8 * 1024
    /// Header lines; 431 beyond.
    package var headerCount = 100
    /// The decoded body; 413 beyond.
    package var bodyBytes = 256 * 1024
    /// A chunk-size line with its extensions.
    package var chunkLineBytes = 256
    /// All trailers of a chunked body, which are read and ignored.
    package var trailerBytes = 4 * 1024
    /// Unread input kept while a request is being answered; beyond it the kernel holds the rest.
    package var unreadBytes = 64 * 1024
    /// Unwritten output beyond which no further request of the connection is parsed.
    package var unwrittenBytes = 64 * 1024
    /// What may wait to be written to one connection, upgraded ones included; an upgraded one decides what comes of it.
    package var outbound = OutboundLimits()
    /// Connections of one loop, upgraded ones included; 503 beyond.
    package var connections = 50_000
    /// Between two requests.
    package var idleTimeout = Duration.seconds(60)
    /// From the first byte of a head to its last; 408 beyond.
    package var headTimeout = Duration.seconds(10)
    /// From the end of the head to the end of the body; 408 beyond.
    package var bodyTimeout = Duration.seconds(30)
    /// From the end of the request to its answer; 503 beyond.
    ///
    /// Longer than what a handler waits for the stores with deadlines of its own.
    package var answerTimeout = Duration.seconds(30)
    /// Without the peer taking a byte of what is queued for it.
    package var writeTimeout = Duration.seconds(30)
    /// How long the rest of a refused request is read and dropped, so that the refusal is not lost to a TCP reset.
    package var lingerTimeout = Duration.seconds(2)
    /// How often deadlines are looked at, and so how late they may be noticed.
    package var sweepInterval = Duration.seconds(1)

    /// The limits of production.
    package init() {}
}
