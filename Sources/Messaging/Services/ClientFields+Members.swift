package import Domain
package import JSON

/// The fields of invites, of joining, and of a member's own settings.
extension ClientFields {
    /// Longest time that an invite may be made for by `expires_in`.
    package static let inviteLifetime = Duration.seconds(366 * 86_400)
    /// Most people that one invite may let in.
    package static let inviteUses: Int64 = 100_000
    /// No code is longer.
    package static let codeLimit = 64

    /// The fields of an invite to be made; the caller finishes the reader.
    ///
    /// Throws `Failure` or `JSONError`.
    package static func invite(_ reader: inout JSONObjectReader) throws -> InviteDraft {
        let seconds = try reader.optional("expires_in", as: Int64.self)
        let end = try time("expires_at", &reader)
        let uses = try reader.optional("max_uses", as: Int64.self)
        guard uses.map((1...inviteUses).contains) ?? true else {
            throw Failure(.invalidValue, "max_uses: must be between 1 and \(inviteUses)")
        }
        var draft = InviteDraft(maxUses: uses.map(Int.init))
        switch (seconds, end) {
        case (nil, nil): break
        case (nil, let end?): draft.end = .at(end)
        case (let seconds?, nil):
            guard (1...inviteLifetime.components.seconds).contains(seconds) else {
                throw Failure(
                    .invalidValue,
                    "expires_in: must be between 1 and \(inviteLifetime.components.seconds) seconds"
                )
            }
            draft.end = .after(.seconds(seconds))
        default: throw Failure(.invalidValue, "expires_in and expires_at exclude each other")
        }
        return draft
    }

    /// How somebody wants to join: by the code under `invite`, or without one; the caller finishes the reader.
    package static func entrance(_ reader: inout JSONObjectReader) throws -> Entrance {
        guard let code = try reader.optional("invite", as: String.self) else { return .open }
        // What is no code is not known, as one that nobody made.
        guard code.utf8.count <= codeLimit else { throw Failure.chatNotFound }
        return .invite(code)
    }

    /// What may be the code of an invite.
    ///
    /// - Throws: `invalid_value` for anything else.
    package static func inviteCode(_ text: String) throws(Failure) -> String {
        let isCode = text.utf8.allSatisfy { byte in
            let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            return isLetter || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
        }
        guard isCode, (1...codeLimit).contains(text.utf8.count) else {
            throw Failure(.invalidValue, "the code in the path is not one of an invite")
        }
        return text
    }

    /// The fields of a change to a member's own side of a chat: null ends a mute, an absent field stays.
    ///
    /// The caller finishes the reader.
    package static func membershipChange(_ reader: inout JSONObjectReader) throws -> MembershipChange {
        var change = MembershipChange()
        switch try reader.field("muted_until", as: String.self) {
        case .absent: break
        case .null: change.mute = .off
        case .value(let text): change.mute = .until(try parse(text, "muted_until"))
        }
        change.isArchived = try reader.optional("archived")
        change.isPinned = try reader.optional("pinned")
        change.isMarkedUnread = try reader.optional("marked_unread")
        return change
    }

    private static func time(_ name: String, _ reader: inout JSONObjectReader) throws -> Timestamp? {
        try reader.optional(name, as: String.self).map { try parse($0, name) }
    }

    private static func parse(_ text: String, _ name: String) throws(Failure) -> Timestamp {
        guard let time = Timestamp(parsing: text) else {
            throw Failure(.invalidValue, "\(name): must be a time as of RFC 3339, such as 2026-01-31T18:00:00Z")
        }
        return time
    }
}
