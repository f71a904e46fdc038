/// The character classes of HTTP (RFC 9110 section 5.6, RFC 9112 section 3).
extension UInt8 {
    /// A character of a token: method or header name.
    var isToken: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"),
            UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"),
            UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// What a header value may hold: tab, and everything from space on but DEL.
    var isFieldValue: Bool { self >= 0x20 ? self != 0x7F : self == 0x09 }

    /// What a request target may hold: visible ASCII.
    ///
    /// A fragment is never sent.
    var isTarget: Bool { self > 0x20 && self < 0x7F && self != UInt8(ascii: "#") }

    /// What a host with its port may hold: visible ASCII without what begins or ends one in an address or a list.
    var isHost: Bool {
        switch self {
        case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "@"), UInt8(ascii: "\\"),
            UInt8(ascii: ","):
            false
        default: self > 0x20 && self < 0x7F
        }
    }

    var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

    var isSpaceOrTab: Bool { self == 0x20 || self == 0x09 }

    /// The value of a hexadecimal digit.
    var hexValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    var lowercasedASCII: UInt8 {
        self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self
    }
}

extension BidirectionalCollection<UInt8> where SubSequence: BidirectionalCollection<UInt8> {
    /// Without the optional white space around it.
    var trimmingSpaces: SubSequence {
        guard let first = firstIndex(where: { !$0.isSpaceOrTab }),
            let last = lastIndex(where: { !$0.isSpaceOrTab })
        else { return self[endIndex..<endIndex] }
        return self[first...last]
    }
}
