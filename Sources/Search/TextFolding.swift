internal import CUTF8Proc

/// Unicode without what search does not care for: case, width, accents, and the many ways to write one character.
///
/// Compatibility forms are replaced and case is folded (NFKC_Casefold, UAX #44), by utf8proc; then accents and points that writers leave
/// out are dropped. Marks that make another letter or vowel, as in Indic scripts and kana, stay.
struct TextFolding {
    private var buffer: [Int32] = Array(repeating: 0, count: 64)

    /// What a character is to a tokenizer.
    enum Class {
        case letter, mark, symbol, other
    }

    private static let options = UTF8PROC_DECOMPOSE.rawValue | UTF8PROC_COMPAT.rawValue | UTF8PROC_CASEFOLD.rawValue
    private static let composing = UTF8PROC_COMPOSE.rawValue | UTF8PROC_STABLE.rawValue

    /// Folds a character with the marks on it, and hands over what it becomes.
    mutating func fold(_ cluster: ArraySlice<Unicode.Scalar>, _ body: (Unicode.Scalar) -> Void) {
        var text = ""
        for scalar in cluster { text.unicodeScalars.append(scalar) }
        var count = decompose(&text)
        if count > buffer.count {
            buffer = Array(repeating: 0, count: count)
            count = decompose(&text)
        }
        guard count > 0 else { return }
        var kept = 0
        for index in 0..<count where !Self.isDropped(buffer[index]) {
            buffer[kept] = buffer[index]
            kept += 1
        }
        let length = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            unsafe utf8proc_normalize_utf32(buffer.baseAddress, kept, utf8proc_option_t(rawValue: Self.composing))
        }
        for index in 0..<max(0, length) {
            guard let scalar = Unicode.Scalar(UInt32(bitPattern: buffer[index])) else { continue }
            for scalar in Self.plain(scalar) { body(scalar) }
        }
    }

    private mutating func decompose(_ text: inout String) -> Int {
        text.withUTF8 { utf8 in
            unsafe buffer.withUnsafeMutableBufferPointer { buffer in
                unsafe utf8proc_decompose(
                    utf8.baseAddress,
                    utf8.count,
                    buffer.baseAddress,
                    buffer.count,
                    utf8proc_option_t(rawValue: Self.options)
                )
            }
        }
    }

    /// What a character is, of those that folding leaves.
    static func classify(_ scalar: Unicode.Scalar) -> Class {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber:
            .letter
        case .nonspacingMark, .spacingMark, .enclosingMark: .mark
        case .otherSymbol: .symbol
        default: .other
        }
    }

    /// Whether it belongs to the character before it: marks, the halfwidth sound marks of kana, and the vowels and finals of Hangul.
    static func continues(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x2FF: false
        case 0x1160...0x11FF, 0xD7B0...0xD7FF, 0xFF9E, 0xFF9F: true
        default: isIgnored(scalar) || classify(scalar) == .mark
        }
    }

    /// Whether it says nothing: joiners, soft hyphens, directions and variation selectors.
    ///
    /// The zero width space parts words.
    private static func isIgnored(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value != 0x200B && scalar.properties.isDefaultIgnorableCodePoint
    }

    private static func isDropped(_ value: Int32) -> Bool {
        switch value {
        case 0...0x2FF: value == 0xAD
        // Accents and other marks on letters of any script, Hebrew points, Arabic vowel signs and tatweel.
        case 0x300...0x36F, 0x1AB0...0x1AFF, 0x1DC0...0x1DFF, 0x20D0...0x20FF, 0xFE20...0xFE2F, 0x591...0x5BD, 0x5BF,
            0x5C1, 0x5C2, 0x5C4, 0x5C5, 0x5C7, 0x610...0x61A, 0x640, 0x64B...0x65F, 0x670, 0x6D6...0x6DC,
            0x6DF...0x6E4, 0x6E7, 0x6E8, 0x6EA...0x6ED:
            true
        default: Unicode.Scalar(UInt32(bitPattern: value)).map(isIgnored) ?? true
        }
    }

    /// What Unicode does not take apart.
    private static func plain(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        switch scalar {
        case "ø": ["o"]
        case "ł": ["l"]
        case "đ": ["d"]
        case "ħ": ["h"]
        case "ŧ": ["t"]
        case "ı": ["i"]
        case "æ": ["a", "e"]
        case "œ": ["o", "e"]
        default: [scalar]
        }
    }
}
