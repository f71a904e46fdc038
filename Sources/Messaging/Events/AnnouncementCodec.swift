package import Domain

/// The bytes of an announcement on its way between nodes: a fixed head in network order, then the event's JSON.
package enum AnnouncementCodec {
    private static let version: UInt8 = 1

    /// The message a node publishes, marked with its own id.
    package static func encode(_ announcement: Announcement, from node: NodeID) -> [UInt8] {
        var bytes: [UInt8] = [version]
        bytes.reserveCapacity(64 + announcement.payload.count)
        bytes += node.bytes
        append(announcement.chat.rawValue, to: &bytes)
        append(announcement.offset.rawValue, to: &bytes)
        append(announcement.sequence?.rawValue ?? 0, to: &bytes)
        append(announcement.kind.rawValue, to: &bytes)
        for users in [announcement.added, announcement.removed] {
            append(Int32(users.count), to: &bytes)
            for user in users { append(user.rawValue, to: &bytes) }
        }
        bytes += announcement.payload
        return bytes
    }

    /// The announcement and the node it came from; nil for bytes of another version or none of ours.
    package static func decode(_ bytes: [UInt8]) -> (announcement: Announcement, node: NodeID)? {
        guard bytes.first == version, bytes.count > 17, let node = NodeID(bytes: bytes[1..<17]) else { return nil }
        var position = 17
        guard let chat: Int64 = read(bytes, &position), let offset: Int64 = read(bytes, &position),
            let sequence: Int64 = read(bytes, &position), let rawKind: Int16 = read(bytes, &position),
            let kind = EventKind(rawValue: rawKind),
            let added = readUsers(bytes, &position), let removed = readUsers(bytes, &position)
        else { return nil }
        let announcement = Announcement(
            chat: ChatID(rawValue: chat),
            offset: Offset(rawValue: offset),
            kind: kind,
            sequence: sequence > 0 ? SequenceNumber(rawValue: sequence) : nil,
            added: added,
            removed: removed,
            payload: Array(bytes[position...])
        )
        return (announcement, node)
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    private static func read<Value: FixedWidthInteger>(_ bytes: [UInt8], _ position: inout Int) -> Value? {
        let length = Value.bitWidth / 8
        guard bytes.count - position >= length else { return nil }
        defer { position += length }
        return bytes[position..<(position + length)].reduce(0) { $0 << 8 | Value(truncatingIfNeeded: $1) }
    }

    private static func readUsers(_ bytes: [UInt8], _ position: inout Int) -> [UserID]? {
        guard let count: Int32 = read(bytes, &position), count >= 0, Int(count) * 8 <= bytes.count - position
        else { return nil }
        return (0..<count).compactMap { _ in
            let value: Int64? = read(bytes, &position)
            return value.map(UserID.init(rawValue:))
        }
    }
}
