/// Gives requests their identity: the caller's where it is valid, else a number of this loop behind a random prefix.
struct RequestIDs {
    private let prefix: String
    private var counter: UInt64 = 0

    init() {
        prefix = String(UInt64.random(in: 0x1000_0000_0000...0xFFFF_FFFF_FFFF), radix: 16)
    }

    /// The identity for a request with this `X-Request-Id`.
    mutating func identity(for header: String?) -> String {
        if let header, Self.isValid(header) { return header }
        counter += 1
        return "\(prefix)-\(String(counter, radix: 16))"
    }

    /// Whether a caller's identity is taken: 1 to 64 letters, digits, `_` or `-`.
    static func isValid(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
