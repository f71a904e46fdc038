/// A username: 3 to 32 ASCII letters, digits, `_`, `.` and `-`, unique without regard to case.
///
/// Two of them are equal when their canonical forms are.
package struct Username: Sendable {
    /// The allowed lengths.
    package static let lengths = 3...32

    /// The name as its owner writes it.
    package let text: String
    /// The name in lower case, by which it is unique and looked up.
    package let canonical: String

    /// Throws `invalidUsername` unless `text` is one.
    package init(_ text: String) throws(SecurityError) {
        guard Self.lengths.contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else {
            throw SecurityError(
                .invalidUsername,
                "a username has \(Self.lengths.lowerBound) to \(Self.lengths.upperBound) letters, digits, _ . -"
            )
        }
        self.text = text
        canonical = text.lowercased()
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

extension Username: Hashable {
    package static func == (first: Username, second: Username) -> Bool {
        first.canonical == second.canonical
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(canonical)
    }
}
