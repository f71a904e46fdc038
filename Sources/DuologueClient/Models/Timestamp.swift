internal import Domain

extension DuologueClient {
    /// A point in time, in whole milliseconds.
    public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
        /// Milliseconds since 1970-01-01T00:00:00Z.
        public let millisecondsSince1970: Int64

        /// The time so many milliseconds after 1970-01-01T00:00:00Z.
        public init(millisecondsSince1970: Int64) { self.millisecondsSince1970 = millisecondsSince1970 }

        /// Reads RFC 3339 in UTC with milliseconds, as the server writes it: `2026-01-31T23:59:59.001Z`.
        ///
        /// Nil for anything else.
        public init?(_ text: String) {
            let bytes = Array(text.utf8)
            guard bytes.count == 24,
                let year = Self.number(bytes[0..<4]), bytes[4] == UInt8(ascii: "-"),
                let month = Self.number(bytes[5..<7]), bytes[7] == UInt8(ascii: "-"),
                let day = Self.number(bytes[8..<10]), bytes[10] == UInt8(ascii: "T"),
                let hour = Self.number(bytes[11..<13]), bytes[13] == UInt8(ascii: ":"),
                let minute = Self.number(bytes[14..<16]), bytes[16] == UInt8(ascii: ":"),
                let second = Self.number(bytes[17..<19]), bytes[19] == UInt8(ascii: "."),
                let fraction = Self.number(bytes[20..<23]), bytes[23] == UInt8(ascii: "Z"),
                (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
            else { return nil }
            let seconds = Self.days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
            millisecondsSince1970 = seconds * 1_000 + fraction
            // The 30th of February reads as the 2nd of March.
            guard description == text else { return nil }
        }

        /// RFC 3339 in UTC with milliseconds.
        public var description: String { Domain.Timestamp(milliseconds: millisecondsSince1970).description }

        /// Earlier times are less.
        public static func < (left: Self, right: Self) -> Bool {
            left.millisecondsSince1970 < right.millisecondsSince1970
        }

        private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
            var value: Int64 = 0
            for digit in digits {
                guard (48...57).contains(digit) else { return nil }
                value = value * 10 + Int64(digit - 48)
            }
            return value
        }

        /// The day number of a civil date (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
        private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
            let shifted = month <= 2 ? year - 1 : year
            let era = shifted / 400
            let yearOfEra = shifted - era * 400
            let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
            return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        }
    }
}
