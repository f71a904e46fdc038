/// Percent-decoding (RFC 3986 section 2.1), strict.
enum PercentEncoding {
    /// The decoded text; nil for a broken escape, an encoded NUL, or octets that are not UTF-8.
    ///
    /// `plusIsSpace` is the rule of query strings written by HTML forms.
    static func decode(_ text: Substring, plusIsSpace: Bool = false) -> String? {
        let needsWork = text.utf8.contains { $0 == UInt8(ascii: "%") || (plusIsSpace && $0 == UInt8(ascii: "+")) }
        guard needsWork else { return String(text) }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.utf8.count)
        var bytes = text.utf8.makeIterator()
        while let byte = bytes.next() {
            if byte == UInt8(ascii: "%") {
                guard let high = bytes.next()?.hexValue, let low = bytes.next()?.hexValue else { return nil }
                guard high << 4 | low != 0 else { return nil }
                decoded.append(high << 4 | low)
            } else {
                decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }
}
