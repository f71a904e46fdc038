import CCrypt
import CSodium
import Hashing

/// A bcrypt hash brought from elsewhere, in its modular form `$2b$12$…`; `$2a$` and `$2y$` are the same for passwords in UTF-8.
///
/// Only ever verified, by libxcrypt; what Duologue makes is Argon2id. bcrypt looks at the first 72 bytes of a password.
struct BcryptHash: Sendable {
    /// Each step doubles the work; beyond these a hash would hold a thread for seconds, and is never right.
    static let costs = 4...16
    private static let length = 60

    /// The logarithm of the rounds.
    let cost: Int
    private let text: String

    /// Nil for what is no bcrypt hash of an acceptable cost.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == Self.length, ["$2a$", "$2b$", "$2y$"].contains(where: text.hasPrefix),
            bytes[6] == UInt8(ascii: "$"), let cost = Int(String(decoding: bytes[4..<6], as: UTF8.self)),
            Self.costs.contains(cost)
        else { return nil }
        self.cost = cost
        self.text = text
    }

    /// Whether it was made of `password`; blocks for some milliseconds to seconds, by the cost.
    func matches(_ password: String) -> Bool {
        // To bcrypt a password ends at its first NUL, so what stands behind it would not count.
        guard !password.utf8.contains(0) else { return false }
        let size = MemoryLayout<crypt_data>.size
        let state = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        unsafe state.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        defer {
            unsafe sodium_memzero(state, size)
            unsafe state.deallocate()
        }
        guard let made = unsafe crypt_rn(password, text, state, Int32(size)) else { return false }
        return constantTimeEquals(Array(unsafe String(cString: made).utf8).span, Array(text.utf8).span)
    }
}
