/// SHA-256 (FIPS 180-4).
package enum SHA256 {
    /// The length of a hash in bytes.
    package static let byteCount = 32

    private static let digest = Digest("SHA256")

    /// The 32-byte hash of `bytes`.
    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        digest.hash(bytes.span)
    }

    /// The 32-byte hash of `bytes`, without copying them.
    package static func hash(_ bytes: Span<UInt8>) -> [UInt8] {
        digest.hash(bytes)
    }
}
