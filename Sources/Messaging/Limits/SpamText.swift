internal import Hashing
internal import Search

/// What a text comes down to for those who look for spam.
struct SpamText {
    /// A digest of its letters and digits, without regard to case, accents, spaces and punctuation; of a text without any, of
    /// all of it; and of the files with it.
    let digest: [UInt8]
    /// Whether it holds an address that leads elsewhere, as searches with `has:link` find it.
    let hasLink: Bool

    /// Characters that are looked at: what tells texts of ten thousand apart comes early.
    private static let reach = 2_000
    private static let digestBytes = 16

    /// What a text comes down to that is said with files: the same words under another picture are something else.
    init(_ text: String, media: [String] = []) {
        let lowered = Array(text.unicodeScalars.prefix(Self.reach)).map(Self.lowered)
        var bare = String.UnicodeScalarView()
        for scalar in lowered where Self.isTelling(scalar) { bare.append(scalar) }
        let told = bare.isEmpty ? text : String(bare)
        // No text holds a zero.
        let all = media.reduce(into: Array(told.utf8)) { $0 += [0] + Array($1.utf8) }
        digest = Array(SHA256.hash(all).prefix(Self.digestBytes))
        hasLink = WebLink.isIn(text)
    }

    private static func lowered(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        if scalar.isASCII { return ("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value) | 0x20) : scalar }
        let mapped = scalar.properties.lowercaseMapping.unicodeScalars
        return mapped.count == 1 ? mapped.first ?? scalar : scalar
    }

    private static func isTelling(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) }
        switch scalar.properties.generalCategory {
        case .lowercaseLetter, .uppercaseLetter, .titlecaseLetter, .otherLetter, .modifierLetter, .decimalNumber,
            .otherNumber, .letterNumber, .otherSymbol:
            return true
        default: return false
        }
    }
}
