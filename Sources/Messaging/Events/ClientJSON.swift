package import Domain
package import JSON

/// The shapes of the contract with clients, written the same in REST answers and in events.
extension JSONWriter {
    /// A time, or null.
    package mutating func time(_ time: Timestamp?) {
        guard let time else { return null() }
        raw([UInt8(ascii: "\"")] + time.utf8 + [UInt8(ascii: "\"")])
    }

    /// A string, or null.
    package mutating func string(_ text: String?) {
        if let text { string(text) } else { null() }
    }

    /// A message id made of a chat and a number of it, or null.
    package mutating func messageID(_ sequence: SequenceNumber?, in chat: ChatID) {
        if let sequence { string(MessageID(chat: chat, sequence: sequence).description) } else { null() }
    }

    /// A user; address and role only for the user's own eyes.
    package mutating func user(_ user: User, withEmail: Bool) {
        beginObject()
        key("user_id")
        integer(user.id.rawValue)
        key("username")
        string(user.username)
        key("full_name")
        string(user.fullName)
        key("avatar_url")
        string(user.avatarURL)
        key("status_text")
        string(user.statusText)
        key("created_at")
        time(user.createdAt)
        key("last_seen")
        time(user.lastSeen)
        if withEmail {
            key("email")
            string(user.email)
            key("role")
            string(user.role.rawValue)
        }
        endObject()
    }
}
