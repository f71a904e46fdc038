import CSodium

/// Hashes and verifies passwords with Argon2id (RFC 9106), through libsodium; verifies bcrypt hashes brought from elsewhere.
///
/// Every function that hashes blocks for tens of milliseconds and takes ``Parameters/memoryBytes`` meanwhile: call them on
/// a bounded blocking pool, never on a loop.
package struct PasswordHasher: Sendable {
    /// What a hash costs whoever makes one, attackers included.
    package struct Parameters: Equatable, Sendable {
        /// Passes over the memory.
        package var operations: Int
        package var memoryBytes: Int

        /// The default is OWASP's second choice for Argon2id: 19 MiB and two passes, one lane.
        package init(operations: Int = 2, memoryBytes: Int = 19 * 1_024 * 1_024) {
            self.operations = operations
            self.memoryBytes = memoryBytes
        }
    }

    /// What verifying a password does.
    package enum Work: Equatable, Sendable {
        /// One evaluation with the parameters that a hash names, which begin it.
        case argon2id(String)
        case bcrypt(cost: Int)
    }

    private let parameters: Parameters
    private let dummyHash: String
    private let onWork: @Sendable (Work) -> Void

    /// Hashes once, to have what unknown users are compared with; blocks.
    ///
    /// `onWork` is told of each verification what it does. Throws `invalidConfiguration` for parameters Argon2id does not have,
    /// `hashingFailed` if there is no memory.
    package init(
        parameters: Parameters = Parameters(),
        onWork: @escaping @Sendable (Work) -> Void = { _ in }
    ) throws(SecurityError) {
        guard Sodium.isReady else {
            throw SecurityError(.invalidConfiguration, "libsodium cannot be initialised on this machine")
        }
        let operations = Int(crypto_pwhash_opslimit_min())...Int(clamping: crypto_pwhash_opslimit_max())
        let memory = Int(crypto_pwhash_memlimit_min())...Int(clamping: crypto_pwhash_memlimit_max())
        guard operations.contains(parameters.operations), memory.contains(parameters.memoryBytes) else {
            throw SecurityError(
                .invalidConfiguration,
                "password hashing needs at least \(operations.lowerBound) operation and \(memory.lowerBound) bytes"
            )
        }
        self.parameters = parameters
        self.onWork = onWork
        dummyHash = try Self.hash("nobody has this password", parameters: parameters)
    }

    /// The hash of `password` with a salt of its own, in the PHC string format; blocks.
    ///
    /// Throws `hashingFailed` if the memory cannot be had.
    package func hash(_ password: String) throws(SecurityError) -> String {
        try Self.hash(password, parameters: parameters)
    }

    /// Whether `password` is the one that `hash` was made of; blocks.
    ///
    /// Pass nil where there is no such user: that does the same work as a wrong password and is never right, so that the time
    /// of an answer does not tell who has an account. Only a hash that is due to be replaced, by the next login, costs
    /// something else.
    package func verify(_ password: String, against hash: String?) -> Bool {
        if let hash, let bcrypt = BcryptHash(hash) {
            onWork(.bcrypt(cost: bcrypt.cost))
            return bcrypt.matches(password)
        }
        let compared = hash.flatMap { $0.isEmpty ? nil : $0 } ?? dummyHash
        onWork(.argon2id(Self.head(of: compared)))
        let utf8 = Array(password.utf8CString)
        let isMatch = unsafe crypto_pwhash_str_verify(compared, utf8, UInt64(utf8.count - 1)) == 0
        return isMatch && compared == hash
    }

    /// What stands before salt and digest: algorithm, version and parameters.
    private static func head(of hash: String) -> String { hash.split(separator: "$").prefix(3).joined(separator: "$") }

    /// Whether `hash` was made with other parameters than today's, so that the next login should replace it.
    package func needsRehash(_ hash: String) -> Bool {
        unsafe crypto_pwhash_str_needs_rehash(hash, UInt64(parameters.operations), parameters.memoryBytes) != 0
    }

    private static func hash(_ password: String, parameters: Parameters) throws(SecurityError) -> String {
        let utf8 = Array(password.utf8CString)
        var text = [CChar](repeating: 0, count: Int(crypto_pwhash_strbytes()))
        let status = unsafe crypto_pwhash_str_alg(
            &text,
            utf8,
            UInt64(utf8.count - 1),
            UInt64(parameters.operations),
            parameters.memoryBytes,
            crypto_pwhash_alg_argon2id13()
        )
        guard status == 0 else { throw SecurityError(.hashingFailed, "no memory for a password hash") }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// libsodium picks its implementations for this processor once, before the first hash.
private enum Sodium {
    static let isReady = sodium_init() >= 0
}
