package import Domain

/// The bytes of an ephemeral event on its way between nodes: a head in network order, then the frame's JSON.
package enum EphemeralCodec {
    /// What the bytes begin with; ``AnnouncementCodec`` has another one.
    private static let version: UInt8 = 2
    /// The same with a list of those left out before the scope.
    ///
    /// A node that does not know it drops the event, and tells nobody too many.
    private static let hidingVersion: UInt8 = 3
    /// The same with a change of presence before those left out; a node that does not know it drops the event likewise.
    private static let markedVersion: UInt8 = 4
    private static let toChat: UInt8 = 1
    private static let toUsers: UInt8 = 2
    private static let toChats: UInt8 = 3
    private static let toUserInChat: UInt8 = 4
    /// A node that does not know it drops the event.
    private static let toUserInAny: UInt8 = 5

    /// The message a node publishes, marked with its own id.
    package static func encode(_ event: EphemeralEvent, from node: NodeID) -> [UInt8] {
        let plain = event.hiddenFrom.isEmpty ? version : hidingVersion
        var bytes: [UInt8] = [event.mark == nil ? plain : markedVersion]
        bytes.reserveCapacity(48 + event.payload.count)
        bytes += node.bytes
        // Users are numbered from one.
        bytes.append(integer: event.excluded?.rawValue ?? 0)
        if let mark = event.mark {
            bytes.append(integer: mark.user.rawValue)
            bytes.append(integer: mark.toldAt.milliseconds)
        }
        if event.mark != nil || !event.hiddenFrom.isEmpty { bytes.append(integers: event.hiddenFrom.map(\.rawValue)) }
        switch event.scope {
        case .chat(let chat):
            bytes.append(toChat)
            bytes.append(integer: chat.rawValue)
        case .users(let users):
            bytes.append(toUsers)
            bytes.append(integers: users.map(\.rawValue))
        case .chats(let chats, let user):
            bytes.append(toChats)
            bytes.append(integer: user.rawValue)
            bytes.append(integers: chats.map(\.rawValue))
        case .user(let user, let chat):
            bytes.append(toUserInChat)
            bytes.append(integer: user.rawValue)
            bytes.append(integer: chat.rawValue)
        case .sockets(let user, let chats):
            bytes.append(toUserInAny)
            bytes.append(integer: user.rawValue)
            bytes.append(integers: chats.map(\.rawValue))
        }
        bytes += event.payload
        return bytes
    }

    /// The event and the node it came from; nil for bytes of another version or none of ours.
    package static func decode(_ bytes: [UInt8]) -> (event: EphemeralEvent, node: NodeID)? {
        guard let first = bytes.first, version...markedVersion ~= first, bytes.count > 17,
            let node = NodeID(bytes: Array(bytes[1..<17]))
        else { return nil }
        var reader = WireReader(bytes, from: 17)
        guard let excluded = reader.integer(Int64.self) else { return nil }
        var mark: PresenceMark?
        if first == markedVersion {
            guard let user = reader.integer(Int64.self), let time = reader.integer(Int64.self) else { return nil }
            mark = PresenceMark(user: UserID(rawValue: user), toldAt: Timestamp(milliseconds: time))
        }
        guard let hidden = first == version ? [] : reader.users(), let kind = reader.integer(UInt8.self),
            let scope = scope(kind, &reader)
        else { return nil }
        let event = EphemeralEvent(
            to: scope,
            excluding: excluded > 0 ? UserID(rawValue: excluded) : nil,
            hiddenFrom: hidden,
            mark: mark,
            payload: reader.rest()
        )
        return (event, node)
    }

    private static func scope(_ kind: UInt8, _ reader: inout WireReader) -> EphemeralEvent.Scope? {
        switch kind {
        case toChat: return reader.integer(Int64.self).map { .chat(ChatID(rawValue: $0)) }
        case toUsers: return reader.users().map { .users($0) }
        case toChats:
            guard let user = reader.integer(Int64.self), let chats = reader.integers() else { return nil }
            return .chats(chats.map(ChatID.init(rawValue:)), of: UserID(rawValue: user))
        case toUserInChat:
            guard let user = reader.integer(Int64.self), let chat = reader.integer(Int64.self) else { return nil }
            return .user(UserID(rawValue: user), in: ChatID(rawValue: chat))
        case toUserInAny:
            guard let user = reader.integer(Int64.self), let chats = reader.integers() else { return nil }
            return .sockets(of: UserID(rawValue: user), inAny: chats.map(ChatID.init(rawValue:)))
        default: return nil
        }
    }
}
