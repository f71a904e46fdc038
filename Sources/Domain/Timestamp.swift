/// A point in time in whole milliseconds since 1970-01-01T00:00:00Z, as all stores and clients see it.
package struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Milliseconds since the Unix epoch.
    package let milliseconds: Int64

    /// The time so many milliseconds after the Unix epoch.
    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// 0001-01-01T00:00:00.000Z, the first that is ever written.
    package static let earliest = Timestamp(milliseconds: -62_135_596_800_000)
    /// 9999-12-31T23:59:59.999Z, the last that four digits of a year can write.
    package static let latest = Timestamp(milliseconds: 253_402_300_799_999)

    /// RFC 3339 in UTC with milliseconds, such as `2026-01-31T23:59:59.001Z`.
    ///
    /// What lies before `earliest` or after `latest` is written as that one: no digits of another year stand for it.
    package var description: String { String(decoding: utf8, as: UTF8.self) }

    /// The bytes of `description`, without making a string of them.
    package var utf8: [UInt8] {
        let milliseconds = min(max(milliseconds, Self.earliest.milliseconds), Self.latest.milliseconds)
        let days = milliseconds.floorDivided(by: 86_400_000)
        let rest = Int(milliseconds - days * 86_400_000)
        let (year, month, day) = Self.civil(fromDays: Int(days))
        var text: [UInt8] = []
        text.reserveCapacity(24)
        func append(_ value: Int, _ width: Int, _ separator: Unicode.Scalar) {
            var divisor = 1
            for _ in 1..<width { divisor *= 10 }
            while divisor > 0 {
                text.append(UInt8(48 + value / divisor % 10))
                divisor /= 10
            }
            text.append(UInt8(ascii: separator))
        }
        append(year, 4, "-")
        append(month, 2, "-")
        append(day, 2, "T")
        append(rest / 3_600_000, 2, ":")
        append(rest / 60_000 % 60, 2, ":")
        append(rest / 1000 % 60, 2, ".")
        append(rest % 1000, 3, "Z")
        return text
    }

    /// The civil date of a day number (H.
    ///
    /// Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    private static func civil(fromDays days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
    }
}

extension Int64 {
    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
