/// As many different emojis as a test needs.
package enum NumberedEmoji {
    /// The flag of a country that need not exist, made of two regional indicators; 676 of them differ.
    package static func text(_ number: Int) -> String {
        let letters = [number / 26, number % 26].compactMap { Unicode.Scalar(0x1F1E6 + UInt32($0)) }
        return String(String.UnicodeScalarView(letters))
    }
}
