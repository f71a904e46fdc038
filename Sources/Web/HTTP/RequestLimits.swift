/// What one route accepts and how long it may take, within the limits of the server.
package struct RequestLimits: Sendable, Equatable {
    /// The decoded body; 413 beyond, before it is read where its length is announced.
    package var bodyBytes: Int
    /// From the end of the request to its answer; 503 beyond.
    package var answerTimeout: Duration

    /// Limits of a route's own.
    package init(bodyBytes: Int, answerTimeout: Duration) {
        self.bodyBytes = bodyBytes
        self.answerTimeout = answerTimeout
    }

    /// For what takes a few short fields.
    package static let standard = RequestLimits(bodyBytes: 16 * 1024, answerTimeout: .seconds(15))
}
