import CLibcrypto
import Glibc

/// The kernel's random numbers, through getrandom(2): fit for keys and tokens, no descriptor needed.
package enum SecureRandom {
    /// `count` unpredictable bytes.
    ///
    /// Blocks only until the kernel's pool is seeded, once after boot.
    package static func bytes(_ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let target = unsafe buffer.baseAddress.map { unsafe $0 + filled }
                let read = unsafe getrandom(target, count - filled, 0)
                // A signal may interrupt a request of more than 256 bytes; no other failure is possible here.
                precondition(read >= 0 || errno == EINTR, "getrandom(2) is not available")
                filled += max(read, 0)
            }
        }
    }
}
