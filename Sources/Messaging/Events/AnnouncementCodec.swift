package import Domain

/// The bytes of an announcement on its way between nodes: a fixed head in network order, then the event's JSON.
package enum AnnouncementCodec {
    /// What the bytes begin with; ``EphemeralCodec`` has another one.
    private static let version: UInt8 = 1

    /// The message a node publishes, marked with its own id.
    package static func encode(_ announcement: Announcement, from node: NodeID) -> [UInt8] {
        var bytes: [UInt8] = [version]
        bytes.reserveCapacity(64 + announcement.payload.count)
        bytes += node.bytes
        bytes.append(integer: announcement.chat.rawValue)
        bytes.append(integer: announcement.offset.rawValue)
        bytes.append(integer: announcement.sequence?.rawValue ?? 0)
        bytes.append(integer: announcement.kind.rawValue)
        bytes.append(users: announcement.added)
        bytes.append(users: announcement.removed)
        bytes += announcement.payload
        return bytes
    }

    /// The announcement and the node it came from; nil for bytes of another version or none of ours.
    package static func decode(_ bytes: [UInt8]) -> (announcement: Announcement, node: NodeID)? {
        guard bytes.first == version, bytes.count > 17, let node = NodeID(bytes: Array(bytes[1..<17])) else {
            return nil
        }
        var reader = WireReader(bytes, from: 17)
        guard let chat = reader.integer(Int64.self), let offset = reader.integer(Int64.self),
            let sequence = reader.integer(Int64.self), let rawKind = reader.integer(Int16.self),
            let kind = EventKind(rawValue: rawKind),
            let added = reader.users(), let removed = reader.users()
        else { return nil }
        let announcement = Announcement(
            chat: ChatID(rawValue: chat),
            offset: Offset(rawValue: offset),
            kind: kind,
            sequence: sequence > 0 ? SequenceNumber(rawValue: sequence) : nil,
            added: added,
            removed: removed,
            payload: reader.rest()
        )
        return (announcement, node)
    }
}
