package import Hashing

/// The key that signs access tokens; it never prints itself.
package struct SigningSecret: Sendable {
    /// Fewer bytes than the hash has would weaken HS256 (RFC 7518, section 3.2).
    package static let minimumByteCount = 32

    package let key: HMACSHA256

    /// Takes the text of the setting SECRET_KEY as the key; throws `invalidConfiguration` if it is too short.
    package init(_ text: String) throws(SecurityError) {
        let bytes = Array(text.utf8)
        guard bytes.count >= Self.minimumByteCount else {
            throw SecurityError(
                .invalidConfiguration,
                "SECRET_KEY has \(bytes.count) bytes and needs at least \(Self.minimumByteCount); "
                    + "make one with: openssl rand -hex 32"
            )
        }
        key = HMACSHA256(key: bytes)
    }
}
