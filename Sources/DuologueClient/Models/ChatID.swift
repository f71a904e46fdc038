extension DuologueClient {
    /// Names a chat; unique for ever.
    public struct ChatID: RawRepresentable, Hashable, Comparable, Sendable, ExpressibleByIntegerLiteral,
        CustomStringConvertible
    {
        /// The number the server knows it by.
        public let rawValue: Int64
        /// The id of that number.
        public init(rawValue: Int64) { self.rawValue = rawValue }
        /// The id of that number.
        public init(integerLiteral value: Int64) { self.init(rawValue: value) }
        /// The number in decimal digits.
        public var description: String { String(rawValue) }
        /// Orders by number, which says nothing else.
        public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }
}
