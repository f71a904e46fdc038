import CLibcrypto

/// Whether two byte strings are equal, in a time that depends on their lengths only.
package func constantTimeEquals(_ first: [UInt8], _ second: [UInt8]) -> Bool {
    constantTimeEquals(first.span, second.span)
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
package func constantTimeEquals(_ first: Span<UInt8>, _ second: Span<UInt8>) -> Bool {
    guard first.count == second.count else { return false }
    guard first.count > 0 else { return true }
    return unsafe first.withUnsafeBytes { first in
        unsafe second.withUnsafeBytes { second in
            unsafe CRYPTO_memcmp(first.baseAddress, second.baseAddress, first.count) == 0
        }
    }
}
