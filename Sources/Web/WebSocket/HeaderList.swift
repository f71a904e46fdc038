/// The comma-separated lists of HTTP header fields (RFC 9110 §5.6.1), which may also be spread over several fields.
enum HeaderList {
    /// The elements of all the values, trimmed; empty ones are left out, a comma in quotes does not separate.
    static func elements(of values: [String]) -> [String] {
        var elements: [String] = []
        for value in values {
            elements += split(value, at: UInt8(ascii: ",")).map(trim).filter { !$0.isEmpty }
        }
        return elements
    }

    /// The parts between the separators that are not in quotes; empty ones too.
    static func split(_ text: String, at separator: UInt8) -> [Substring] {
        var isQuoted = false
        let parts = text.utf8.split(omittingEmptySubsequences: false) { byte in
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            return byte == separator && !isQuoted
        }
        return parts.map(Substring.init)
    }

    /// Whether a token is among the elements, whatever the case of its letters.
    static func contains(_ token: String, in values: [String]) -> Bool {
        elements(of: values).contains { $0.lowercased() == token }
    }

    /// Whether the text is a token (RFC 9110 §5.6.2).
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    /// The text without the spaces and tabs around it.
    static func trim(_ text: Substring) -> String {
        func isSpace(_ character: Character) -> Bool { character == " " || character == "\t" }
        var rest = text.drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return String(rest)
    }
}
