import CLibcrypto

/// One digest algorithm of OpenSSL, fetched once: a fetch for every hash costs as much as a short hash itself.
///
/// `@unchecked Sendable` because an `EVP_MD` is immutable after it is fetched.
@safe struct Digest: @unchecked Sendable {
    private let algorithm: OpaquePointer
    let byteCount: Int

    /// Fetches `name`; a libcrypto without SHA-1 or SHA-256 is a broken installation, not an input.
    init(_ name: String) {
        guard let algorithm = unsafe EVP_MD_fetch(nil, name, nil) else {
            preconditionFailure("libcrypto has no \(name)")
        }
        unsafe self.algorithm = unsafe algorithm
        self.byteCount = unsafe Int(EVP_MD_get_size(algorithm))
    }

    func hash(_ bytes: Span<UInt8>) -> [UInt8] {
        let hashed = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { output, count in
            let succeeded = unsafe bytes.withUnsafeBytes { input in
                unsafe EVP_Digest(input.baseAddress, input.count, output.baseAddress, nil, algorithm, nil)
            }
            precondition(succeeded == 1, "libcrypto could not allocate a digest")
            count = byteCount
        }
        return hashed
    }
}
