internal import Domain
internal import Redis

extension PresenceStatus {
    var letter: String {
        switch self {
        case .offline: "f"
        case .away: "a"
        case .online: "o"
        case .doNotDisturb: "d"
        case .invisible: "i"
        }
    }

    init(letter: UInt8) throws(RedisError) {
        switch letter {
        case UInt8(ascii: "f"): self = .offline
        case UInt8(ascii: "a"): self = .away
        case UInt8(ascii: "o"): self = .online
        case UInt8(ascii: "d"): self = .doNotDisturb
        case UInt8(ascii: "i"): self = .invisible
        default: throw RedisError(.decoding, "a status that this version does not have")
        }
    }
}

extension RedisReply {
    func decodeList() throws(RedisError) -> [RedisReply] {
        guard case .array(let elements) = self else { throw mismatch(expected: "an array") }
        return elements
    }

    func decodeText() throws(RedisError) -> String {
        guard let bytes = try decodeOptionalBytes() else { throw mismatch(expected: "a string") }
        return String(decoding: bytes, as: UTF8.self)
    }

    func decodeNumber() throws(RedisError) -> Int64 {
        guard let number = Int64(try decodeText()) else { throw RedisError(.decoding, "expected a number") }
        return number
    }

    func decodeUser() throws(RedisError) -> UserID { UserID(rawValue: try decodeNumber()) }

    /// Reads a state as `PresenceScripts.report` writes it.
    func decodeState() throws(RedisError) -> PresenceState {
        let words = try decodeText().split(separator: " ")
        guard words.count == 6, let user = Int64(words[0]), let before = words[1].utf8.first,
            let status = words[2].utf8.first, let lastSeen = Int64(words[4]), let toldAt = Int64(words[5])
        else { throw RedisError(.decoding, "expected six words") }
        return PresenceState(
            user: UserID(rawValue: user),
            before: try PresenceStatus(letter: before),
            status: try PresenceStatus(letter: status),
            isNews: words[3] == "1",
            lastSeen: Timestamp(milliseconds: lastSeen),
            toldAt: Timestamp(milliseconds: toldAt)
        )
    }
}
