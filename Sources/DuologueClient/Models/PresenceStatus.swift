extension DuologueClient {
    /// Whether somebody is there.
    public struct PresenceStatus: RawRepresentable, Hashable, Sendable {
        /// The server's word for it.
        public let rawValue: String
        /// A status, also one that this version has no name for.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// There.
        public static let online = PresenceStatus(rawValue: "online")
        /// There, but not looking.
        public static let away = PresenceStatus(rawValue: "away")
        /// There, but not to be called.
        public static let doNotDisturb = PresenceStatus(rawValue: "dnd")
        /// Only for oneself: others see `offline`.
        public static let invisible = PresenceStatus(rawValue: "invisible")
        /// Not there.
        public static let offline = PresenceStatus(rawValue: "offline")
    }
}
