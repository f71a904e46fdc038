extension ClientReplica {
    /// How often a schedule put it to the test.
    package struct Counts: Sendable {
        /// Connections that were caught up.
        package var resumptions: Int
        /// Events between `ready` and `resumed`, and after.
        package var missed: Int
        package var live: Int
        /// Of chats that it had.
        package var resets: Int
        package var gone: Int

        package init(resumptions: Int = 0, missed: Int = 0, live: Int = 0, resets: Int = 0, gone: Int = 0) {
            self.resumptions = resumptions
            self.missed = missed
            self.live = live
            self.resets = resets
            self.gone = gone
        }
    }
}

extension ClientReplica.Counts: CustomStringConvertible {
    package var description: String {
        "\(resumptions) resumptions with \(missed) missed events, \(resets) resets and \(gone) gone, \(live) live events"
    }

    /// The sum, for the clients of a schedule.
    package static func + (left: Self, right: Self) -> Self {
        Self(
            resumptions: left.resumptions + right.resumptions,
            missed: left.missed + right.missed,
            live: left.live + right.live,
            resets: left.resets + right.resets,
            gone: left.gone + right.gone
        )
    }
}
