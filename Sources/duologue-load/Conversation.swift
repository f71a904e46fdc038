internal import JSON

/// What people said in a room, in the order they said it.
struct Conversation: Sendable, Equatable {
    /// One thing said.
    struct Line: Sendable, Equatable {
        /// The number the file gives the line; replies refer to it.
        let number: Int
        /// Seconds since the Unix epoch.
        let at: Int64
        let sender: String
        let content: String
        let repliesTo: Int?
    }

    let lines: [Line]

    /// Reads newline-delimited JSON, one object a line; lines with `system` were said by nobody and are left out.
    ///
    /// - Throws: `system`, with the line's number in the file, where one is not what the format says.
    init(parsing bytes: [UInt8]) throws(LoadError) {
        var lines: [Line] = []
        for (index, text) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
            do {
                if let line = try Self.line(Array(text)) { lines.append(line) }
            } catch {
                throw LoadError(.system, "line \(index + 1): \(error)")
            }
        }
        self.lines = lines
    }

    private static func line(_ bytes: [UInt8]) throws -> Line? {
        var reader = try JSONObjectReader(parsing: bytes)
        let number: Int64 = try reader.required("line")
        if try reader.optional("system", as: String.self) != nil { return nil }
        let time: String = try reader.required("at")
        guard let at = ConversationTime.seconds(time) else { throw LoadError(.system, "at: not a time") }
        return Line(
            number: Int(number),
            at: at,
            sender: try reader.required("sender"),
            content: try reader.required("content"),
            repliesTo: try reader.optional("reply_to_line", as: Int64.self).map(Int.init)
        )
    }

    /// Who spoke, the most talkative first; those who said as much in the order they first spoke.
    var speakers: [String] {
        var counts: [String: (said: Int, first: Int)] = [:]
        for (index, line) in lines.enumerated() { counts[line.sender, default: (0, index)].said += 1 }
        return counts.sorted { ($1.value.said, $0.value.first) < ($0.value.said, $1.value.first) }.map(\.key)
    }
}

/// Reads the times of conversations.
enum ConversationTime {
    /// Seconds since the Unix epoch of `YYYY-MM-DDTHH:MM:SSZ`; nil for anything else.
    static func seconds(_ text: String) -> Int64? {
        let parts = text.split { !("0"..."9").contains($0) }
        guard text.utf8.count == 20, text.last == "Z", parts.map(\.count) == [4, 2, 2, 2, 2, 2] else { return nil }
        let fields = parts.compactMap { Int64($0) }
        guard fields.count == 6, (1...12).contains(fields[1]), (1...31).contains(fields[2]), fields[3] < 24,
            fields[4] < 60, fields[5] < 61
        else { return nil }
        return days(fields[0], fields[1], fields[2]) * 86_400 + fields[3] * 3600 + fields[4] * 60 + fields[5]
    }

    /// Days from 1970-01-01 to a civil date (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
