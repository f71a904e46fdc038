internal import Domain

/// What an audit is asked to do.
struct AuditRequest: Equatable {
    var chat: ChatID?
    var since: Since?
    var printsJSON = false
    var repairs = false

    /// From when on changes count.
    enum Since: Equatable {
        case time(Timestamp)
        case ago(Duration)

        /// The point in time, seen from `now`.
        func time(now: Timestamp) -> Timestamp {
            switch self {
            case .time(let time): time
            case .ago(let span): Timestamp(milliseconds: now.milliseconds - span.components.seconds * 1000)
            }
        }

        /// Reads `2026-01-31T18:00:00Z`, `2026-01-31`, `45m`, `24h` or `7d`.
        init?(_ text: String) {
            if let time = Timestamp(rfc3339: text) {
                self = .time(time)
                return
            }
            let seconds: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
            guard let unit = text.last.flatMap({ seconds[$0] }), let count = Int64(text.dropLast()),
                (1...1_000_000).contains(count)
            else { return nil }
            self = .ago(.seconds(count * unit))
        }
    }

    /// Reads the arguments after the command's name.
    init(_ arguments: [String]) throws(Command.Invalid) {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            switch (parts[0], parts.count) {
            case ("--json", 1): printsJSON = true
            case ("--repair", 1): repairs = true
            case ("--chat", _):
                guard let number = Int64(parts.count == 2 ? parts[1] : rest.popFirst() ?? ""), number > 0 else {
                    throw Command.Invalid(message: "--chat takes the number of a chat")
                }
                chat = ChatID(rawValue: number)
            case ("--since", _):
                guard let since = Since(parts.count == 2 ? parts[1] : rest.popFirst() ?? "") else {
                    throw Command.Invalid(message: "--since takes a time such as 2026-01-31T18:00:00Z, or 45m, 24h, 7d")
                }
                self.since = since
            default: throw Command.Invalid(message: "audit does not know: \(word)\n\n\(Usage.audit)")
            }
        }
    }
}

extension Timestamp {
    /// Reads a time in UTC, to the second, or a date, which means its midnight.
    fileprivate init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 10 || bytes.count == 20 && bytes[10] == UInt8(ascii: "T") && bytes[19] == UInt8(ascii: "Z")
        else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            guard bytes[range].allSatisfy({ (48...57).contains($0) }) else { return nil }
            return bytes[range].reduce(0) { $0 * 10 + Int64($1 - 48) }
        }
        guard bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), let year = number(0..<4),
            let month = number(5..<7), let day = number(8..<10), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var seconds = Self.days(year: year, month: month, day: day) * 86_400
        if bytes.count == 20 {
            guard bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"), let hour = number(11..<13),
                let minute = number(14..<16), let second = number(17..<19), hour < 24, minute < 60, second < 60
            else { return nil }
            seconds += hour * 3600 + minute * 60 + second
        }
        self.init(milliseconds: seconds * 1000)
    }

    /// Days since 1970-01-01 (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
