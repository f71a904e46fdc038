extension DuologueClient {
    /// What a client may be told besides where and who.
    public struct Configuration: Sendable {
        /// Events that wait for one who iterates them, before the connection is closed until there is room.
        public var eventLimit = 1_000
        /// Messages not acknowledged yet, before more are refused with `queueFull`.
        public var sendQueueLimit = 1_000
        /// How long a request may take.
        public var requestDeadline = Duration.seconds(15)
        /// The longest delay before the first attempt to connect again; it doubles with each attempt, and the delay itself
        /// is drawn from zero to that.
        public var firstDelay = Duration.milliseconds(500)
        /// What the longest delay stops doubling at.
        public var longestDelay = Duration.seconds(30)
        /// Where an earlier client of the same user had come to; nil to begin with the present.
        public var position: Position?

        var patience = SocketSession.Patience()

        /// The defaults.
        public init() {}
    }
}
