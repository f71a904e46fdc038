package import Domain

/// Tells whether a text is one emoji, however many scalars that takes (UTS #51, emoji sequences).
///
/// A grammar and no list, so that an emoji of next year needs no new server: pairs of regional indicators are flags
/// whether or not a country has them, and what a ZWJ joins is one emoji whether or not a font has it. Presentation
/// selectors may be missing, as many keyboards leave them out; the text is kept as it was sent.
package enum EmojiSequence {
    /// The most bytes of UTF-8 that a reaction may have.
    package static let byteLimit = 64

    /// Refuses what is not one emoji.
    ///
    /// - Throws: `empty`, `too_long` or `invalid_content`.
    package static func check(_ text: String) throws(Failure) {
        guard !text.isEmpty else { throw Failure(.empty, "emoji: must not be empty") }
        guard text.utf8.count <= byteLimit else { throw Failure(.tooLong, "emoji: at most \(byteLimit) bytes") }
        guard isEmoji(text) else { throw Failure(.invalidContent, "emoji: must be one emoji") }
    }

    private static func isEmoji(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        if isFlag(scalars) || isKeycap(scalars) || isSubdivisionFlag(scalars) { return true }
        let elements = scalars.split(separator: joiner, omittingEmptySubsequences: false)
        return elements.allSatisfy(isElement)
    }

    /// Two regional indicators (ED-14).
    private static func isFlag(_ scalars: [Unicode.Scalar]) -> Bool {
        scalars.count == 2 && scalars.allSatisfy(isRegionalIndicator)
    }

    /// A digit, `#` or `*` on a key (ED-14c).
    private static func isKeycap(_ scalars: [Unicode.Scalar]) -> Bool {
        guard let key = scalars.first, isKey(key), scalars.last == enclosingKeycap else { return false }
        return scalars.count == 2 || (scalars.count == 3 && scalars[1] == emojiSelector)
    }

    /// A black flag and the letters of a part of a country in tag characters (ED-14a).
    ///
    /// Any other tags would be text that nobody sees.
    private static func isSubdivisionFlag(_ scalars: [Unicode.Scalar]) -> Bool {
        guard scalars.first == blackFlag, scalars.last == cancelTag, (5...8).contains(scalars.count) else {
            return false
        }
        return scalars[1..<(scalars.count - 1)].allSatisfy { tagDigits.contains($0) || tagLetters.contains($0) }
    }

    /// What a ZWJ may join: an emoji, perhaps with its presentation selector, or in a skin tone (ED-15a).
    private static func isElement(_ scalars: ArraySlice<Unicode.Scalar>) -> Bool {
        guard let base = scalars.first, isBase(base), scalars.count <= 2 else { return false }
        guard scalars.count == 2, let last = scalars.last else { return true }
        return last == emojiSelector || (last.properties.isEmojiModifier && base.properties.isEmojiModifierBase)
    }

    private static func isBase(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isEmoji && !isKey(scalar) && !isRegionalIndicator(scalar)
            && !scalar.properties.isEmojiModifier
    }

    private static func isKey(_ scalar: Unicode.Scalar) -> Bool {
        ("0"..."9").contains(scalar) || scalar == "#" || scalar == "*"
    }

    private static func isRegionalIndicator(_ scalar: Unicode.Scalar) -> Bool {
        ("\u{1F1E6}"..."\u{1F1FF}").contains(scalar)
    }

    private static let joiner: Unicode.Scalar = "\u{200D}"
    private static let emojiSelector: Unicode.Scalar = "\u{FE0F}"
    private static let enclosingKeycap: Unicode.Scalar = "\u{20E3}"
    private static let blackFlag: Unicode.Scalar = "\u{1F3F4}"
    private static let cancelTag: Unicode.Scalar = "\u{E007F}"
    private static let tagDigits: ClosedRange<Unicode.Scalar> = "\u{E0030}"..."\u{E0039}"
    private static let tagLetters: ClosedRange<Unicode.Scalar> = "\u{E0061}"..."\u{E007A}"
}
