/// An email address, checked for what would harm us; whether it exists only a message to it can tell.
///
/// Two of them are equal when their canonical forms are.
package struct EmailAddress: Sendable {
    /// The longest address that SMTP can carry (RFC 5321, section 4.5.3.1, and its erratum 1690).
    package static let maximumByteCount = 254

    /// The address as its owner writes it.
    package let text: String
    /// The address with its ASCII letters in lower case, by which it is unique and looked up.
    ///
    /// Other letters stay: the store lowers the same ones, whatever the locale of either.
    package let canonical: String

    /// Throws `invalidEmailAddress` unless `text` has one `@`, something before it, a domain with a dot after it, and
    /// neither space, nor control character, nor what has a meaning in mail headers.
    package init(_ text: String) throws(SecurityError) {
        guard text.utf8.count <= Self.maximumByteCount, text.unicodeScalars.allSatisfy(Self.isAllowed),
            Self.hasParts(text)
        else { throw SecurityError(.invalidEmailAddress, "this is not an email address") }
        self.text = text
        canonical = String(decoding: text.utf8.map(Self.lowercased), as: UTF8.self)
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    private static func hasParts(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.count == 2, (1...64).contains(parts[0].count) else { return false }
        let labels = parts[1].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return labels.count >= 2
            && labels.allSatisfy { label in
                !label.isEmpty && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
            }
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .spaceSeparator, .lineSeparator, .paragraphSeparator, .unassigned: false
        default: !"\"(),:;<>[\\]".unicodeScalars.contains(scalar)
        }
    }
}

extension EmailAddress: Hashable {
    package static func == (first: EmailAddress, second: EmailAddress) -> Bool {
        first.canonical == second.canonical
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(canonical)
    }
}
