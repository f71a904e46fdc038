/// Addresses in texts that lead elsewhere.
package enum WebLink {
    /// Whether a text holds one: `://` between a scheme and something, or `www.` and something behind it, in any case.
    ///
    /// Linear in the text.
    package static func isIn(_ text: String) -> Bool {
        let text = Array(text.utf8)
        for index in text.indices.dropLast(3) {
            switch text[index] {
            case UInt8(ascii: ":"):
                guard text[index + 1] == UInt8(ascii: "/"), text[index + 2] == UInt8(ascii: "/") else { continue }
                if text[index + 3] > 0x20, index > 0, isOfScheme(text[index - 1]) { return true }
            case UInt8(ascii: "w"), UInt8(ascii: "W"):
                let isName = text[index + 1] | 0x20 == UInt8(ascii: "w") && text[index + 2] | 0x20 == UInt8(ascii: "w")
                guard isName, text[index + 3] == UInt8(ascii: "."), index + 4 < text.count else { continue }
                if text[index + 4] > 0x20 { return true }
            default: continue
            }
        }
        return false
    }

    private static func isOfScheme(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
