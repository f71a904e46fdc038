/// Why a credential, a name or a security setting was refused; its text may be shown to its owner and holds no secret.
///
/// None of these goes away by trying again, except ``Code/hashingFailed``.
package struct SecurityError: Error, Equatable, Sendable {
    /// What was refused.
    package enum Code: Sendable {
        /// A token that is malformed, forged, or meant for someone else. The text does not say which.
        case invalid
        /// A genuine access token whose time is over.
        case expired
        /// A password that ``PasswordPolicy`` does not allow.
        case weakPassword
        case invalidUsername
        case invalidEmailAddress
        /// A setting with which the server must not start.
        case invalidConfiguration
        /// The memory for a password hash could not be had; retryable.
        case hashingFailed
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
