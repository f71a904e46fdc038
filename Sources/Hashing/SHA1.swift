/// SHA-1 (FIPS 180-4), for the protocols that prescribe it: the WebSocket handshake and version 5 UUIDs.
///
/// It is broken for signatures; use ``SHA256`` for everything else.
package enum SHA1 {
    /// The length of a hash in bytes.
    package static let byteCount = 20

    private static let digest = Digest("SHA1")

    /// The 20-byte hash of `bytes`.
    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        digest.hash(bytes.span)
    }

    /// The 20-byte hash of `bytes`, without copying them.
    package static func hash(_ bytes: Span<UInt8>) -> [UInt8] {
        digest.hash(bytes)
    }
}
