/// Which passwords may be chosen: long enough and not among the first an attacker tries (NIST SP 800-63B, 5.1.1.2).
///
/// There are no rules of composition; they make passwords worse.
package enum PasswordPolicy {
    /// The allowed lengths in Unicode scalars; the upper bound keeps requests small.
    package static let lengths = 8...256

    /// Throws `weakPassword` if `password` is too short, too long, well known, or what the account is called.
    package static func check(_ password: String, username: Username, email: EmailAddress) throws(SecurityError) {
        guard lengths.contains(password.unicodeScalars.count) else {
            throw SecurityError(
                .weakPassword,
                "a password has \(lengths.lowerBound) to \(lengths.upperBound) characters"
            )
        }
        let lowercase = password.lowercased()
        guard !CommonPasswords.contains(lowercase) else {
            throw SecurityError(.weakPassword, "this password is among the most common ones")
        }
        guard lowercase != username.canonical, lowercase != email.canonical else {
            throw SecurityError(.weakPassword, "the password must differ from the username and the email address")
        }
    }
}
