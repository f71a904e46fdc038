/// The chat, offset and time of sending of a message, read from a frame as the server writes it, without parsing the rest.
struct RealtimeStamp {
    let chat: Int64
    let offset: Int64
    /// Microseconds of a clock of this process.
    let stamp: Int64

    private static let start = ContinuousClock.now
    private static let prefix = Array(#"{"type":"message.new","chat_id":"#.utf8)
    private static let offsetName = Array(#","offset":"#.utf8)
    private static let contentName = Array(#""content":""#.utf8)

    /// Nil for any other frame.
    init?(_ bytes: [UInt8]) {
        guard bytes.starts(with: Self.prefix) else { return nil }
        var position = Self.prefix.count
        guard let chat = Self.number(bytes, &position), bytes[position...].starts(with: Self.offsetName) else {
            return nil
        }
        position += Self.offsetName.count
        guard let offset = Self.number(bytes, &position), let content = Self.find(Self.contentName, bytes, position)
        else { return nil }
        position = content
        guard let stamp = Self.number(bytes, &position) else { return nil }
        (self.chat, self.offset, self.stamp) = (chat, offset, stamp)
    }

    /// The clock that stamps are of.
    static func now() -> Int64 {
        // Made at its first use, so before the other.
        let start = start
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }

    private static func number(_ bytes: [UInt8], _ position: inout Int) -> Int64? {
        let begin = position
        var value: Int64 = 0
        while position < bytes.count, case 48...57 = bytes[position] {
            value = value &* 10 &+ Int64(bytes[position] - 48)
            position += 1
        }
        return position > begin ? value : nil
    }

    private static func find(_ name: [UInt8], _ bytes: [UInt8], _ start: Int) -> Int? {
        var position = start
        while position + name.count <= bytes.count {
            if bytes[position] == name[0], bytes[position...].starts(with: name) { return position + name.count }
            position += 1
        }
        return nil
    }
}
