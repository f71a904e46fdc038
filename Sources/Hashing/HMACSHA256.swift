import CLibcrypto

/// HMAC with SHA-256 (RFC 2104, FIPS 198-1) under one key, which is expanded once and shared by any number of threads.
///
/// It never prints its key.
package struct HMACSHA256: Sendable {
    /// The length of a code in bytes.
    package static let byteCount = 32

    private let keyed: KeyedContext

    /// Expands `key`, of any length.
    package init(key: [UInt8]) {
        keyed = KeyedContext(key: key)
    }

    /// The 32-byte code of `message`, to be compared with ``constantTimeEquals(_:_:)-([UInt8],_)`` only.
    package func authenticate(_ message: Span<UInt8>) -> [UInt8] {
        keyed.authenticate(message)
    }

    /// The 32-byte code of `message` under `key`; prefer an instance where a key is used more than once.
    package static func authenticate(message: [UInt8], key: [UInt8]) -> [UInt8] {
        HMACSHA256(key: key).authenticate(message.span)
    }
}

/// Owns the context that has consumed the key and no message, the template of every code.
///
/// `@unchecked Sendable` because the template is only read after init: each code is computed in a duplicate.
@safe private final class KeyedContext: @unchecked Sendable {
    private static let algorithm = MACAlgorithm()

    private let template: OpaquePointer

    init(key: [UInt8]) {
        guard let template = unsafe EVP_MAC_CTX_new(Self.algorithm.pointer) else {
            preconditionFailure("libcrypto could not allocate a MAC context")
        }
        unsafe self.template = unsafe template
        // OpenSSL keeps the address of the parameter's name, and reads both texts only.
        let name = unsafe Self.characters(of: "digest")
        let digest = unsafe UnsafeMutablePointer(mutating: Self.characters(of: "SHA256"))
        let parameters = unsafe [OSSL_PARAM_construct_utf8_string(name, digest, 0), OSSL_PARAM_construct_end()]
        // A nil key means "keep the former one", so an empty key needs an address as well.
        let succeeded = unsafe (key + [0]).withUnsafeBufferPointer { key in
            unsafe EVP_MAC_init(template, key.baseAddress, key.count - 1, parameters)
        }
        precondition(succeeded == 1, "libcrypto has no HMAC with SHA-256")
    }

    deinit {
        unsafe EVP_MAC_CTX_free(template)
    }

    func authenticate(_ message: Span<UInt8>) -> [UInt8] {
        guard let context = unsafe EVP_MAC_CTX_dup(template) else {
            preconditionFailure("libcrypto could not allocate a MAC context")
        }
        defer { unsafe EVP_MAC_CTX_free(context) }
        let updated = unsafe message.withUnsafeBufferPointer { input in
            unsafe EVP_MAC_update(context, input.baseAddress, input.count)
        }
        precondition(updated == 1, "libcrypto could not compute an HMAC")
        return unsafe [UInt8](unsafeUninitializedCapacity: HMACSHA256.byteCount) { output, count in
            let succeeded = unsafe EVP_MAC_final(context, output.baseAddress, &count, output.count)
            precondition(succeeded == 1 && count == HMACSHA256.byteCount, "libcrypto could not compute an HMAC")
        }
    }

    private static func characters(of text: StaticString) -> UnsafePointer<CChar> {
        unsafe UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}

/// The HMAC implementation, fetched once and never freed; immutable, hence `@unchecked Sendable`.
@safe private struct MACAlgorithm: @unchecked Sendable {
    let pointer: OpaquePointer

    init() {
        guard let pointer = unsafe EVP_MAC_fetch(nil, "HMAC", nil) else {
            preconditionFailure("libcrypto has no HMAC")
        }
        unsafe self.pointer = unsafe pointer
    }
}
