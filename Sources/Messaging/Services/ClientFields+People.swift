package import Domain
package import JSON

/// The fields of profiles and settings.
extension ClientFields {
    /// Most characters of a full name, of a status text, and of the address of a portrait.
    package static let fullNameLimit = 100, statusLimit = 200, portraitLimit = 2_048
    /// Most characters of what is looked for.
    package static let searchLimit = 100

    /// The fields of a change to one's profile: null clears one, an absent one stays; the caller finishes the reader.
    ///
    /// Throws `Failure` or `JSONError`.
    package static func profileChange(_ reader: inout JSONObjectReader) throws -> ProfileChange {
        let avatarURL = try change("avatar_url", &reader, limit: portraitLimit)
        if case .set(let address) = avatarURL { try check(portrait: address) }
        return ProfileChange(
            fullName: try change("full_name", &reader, limit: fullNameLimit),
            avatarURL: avatarURL,
            statusText: try change("status_text", &reader, limit: statusLimit)
        )
    }

    /// The fields of a change to one's settings: an absent one stays; the caller finishes the reader.
    ///
    /// Throws `Failure` or `JSONError`.
    package static func settingsChange(_ reader: inout JSONObjectReader) throws -> SettingsChange {
        SettingsChange(
            notifications: try word("notifications", &reader, "all, mentions or none"),
            lastSeen: try word("last_seen", &reader, "everyone, contacts or nobody"),
            readReceipts: try reader.optional("read_receipts", as: Bool.self)
        )
    }

    /// Refuses what nobody is called.
    package static func check(search query: String) throws(Failure) {
        guard query.unicodeScalars.count <= searchLimit else {
            throw Failure(.invalidValue, "query: at most \(searchLimit) characters")
        }
        guard !query.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw Failure(.invalidValue, "query: must not hold control characters")
        }
    }

    /// Clients show it as a picture, so it must be nothing else: no script, no blank, no path of the server's.
    private static func check(portrait address: String) throws(Failure) {
        let rest = ["https://", "http://"].first(where: address.hasPrefix).map { address.dropFirst($0.count) }
        let isKnown = rest?.first.map { !"/?#:@".contains($0) } ?? false
        // Browsers read a backslash as a slash.
        guard isKnown, !address.utf8.contains(UInt8(ascii: "\\")),
            !address.unicodeScalars.contains(where: { $0.properties.isWhitespace })
        else { throw Failure(.invalidValue, "avatar_url: must be an http or https address") }
    }
}
