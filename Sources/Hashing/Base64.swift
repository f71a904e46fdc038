/// Base64 with padding (RFC 4648, section 4).
package enum Base64 {
    private static let codec = Base64Codec(last: "+", "/", isPadded: true)

    /// The padded text of `bytes`.
    package static func encode(_ bytes: [UInt8]) -> String {
        codec.encode(bytes.span)
    }

    /// The bytes that `text` encodes, or nil unless it is exactly their encoding.
    ///
    /// White space, missing or extra padding and bits set after the last byte are all refused, so that no two texts
    /// decode to the same bytes.
    package static func decode(_ text: String) -> [UInt8]? {
        codec.decode(text.utf8.span)
    }

    /// The bytes that the ASCII `text` encodes, as strictly as for a string.
    package static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        codec.decode(text)
    }
}

/// Base64 for URLs and file names, without padding (RFC 4648, section 5; RFC 7515, appendix C).
package enum Base64URL {
    private static let codec = Base64Codec(last: "-", "_", isPadded: false)

    /// The unpadded text of `bytes`.
    package static func encode(_ bytes: [UInt8]) -> String {
        codec.encode(bytes.span)
    }

    /// The bytes that `text` encodes, or nil unless it is exactly their encoding.
    ///
    /// White space, any padding and bits set after the last byte are all refused, so that no two texts decode to the
    /// same bytes.
    package static func decode(_ text: String) -> [UInt8]? {
        codec.decode(text.utf8.span)
    }

    /// The bytes that the ASCII `text` encodes, as strictly as for a string.
    package static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        codec.decode(text)
    }
}
