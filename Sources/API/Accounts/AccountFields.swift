internal import Domain
internal import JSON
internal import Security

/// What somebody who registers gives.
struct RegistrationFields: Sendable {
    let username: Username
    let email: EmailAddress
    let password: String
    let fullName: String?

    /// Throws `Failure`, `JSONError` or `SecurityError`.
    init(_ reader: consuming JSONObjectReader) throws {
        let usernameText: String = try reader.required("username")
        let emailText: String = try reader.required("email")
        password = try reader.required("password")
        fullName = try AccountText.optional("full_name", &reader, limit: AccountText.limit)
        try reader.finish()
        username = try Username(usernameText)
        email = try EmailAddress(emailText)
    }
}

/// What somebody who logs in gives.
struct LoginFields: Sendable {
    /// How the account is named.
    enum Name: Sendable {
        case username(Username)
        case email(EmailAddress)

        /// The account for the throttle when nobody has it.
        var throttleKey: String {
            switch self {
            case .username(let username): "username \(username.canonical)"
            case .email(let email): "email \(email.canonical)"
            }
        }
    }

    let name: Name
    let password: String
    let device: String?

    /// Throws `Failure`, `JSONError` or `SecurityError`.
    ///
    /// A password no account can have is refused here, so that it costs no hash.
    init(_ reader: consuming JSONObjectReader) throws {
        let username = try reader.optional("username", as: String.self)
        let email = try reader.optional("email", as: String.self)
        password = try reader.required("password")
        device = try AccountText.optional("device", &reader, limit: AccountText.limit)
        try reader.finish()
        switch (username, email) {
        case (let username?, nil): name = .username(try Username(username))
        case (nil, let email?): name = .email(try EmailAddress(email))
        default: throw Failure(.invalidValue, "either username or email must be given")
        }
        guard (1...PasswordPolicy.lengths.upperBound).contains(password.unicodeScalars.count) else {
            throw Failure(.invalidValue, "password: must have 1 to \(PasswordPolicy.lengths.upperBound) characters")
        }
    }
}

/// What somebody gives who wants another password.
struct PasswordFields: Sendable {
    let current: String
    let new: String

    /// Throws `Failure` or `JSONError`; the new password is left to `PasswordPolicy`.
    init(_ reader: consuming JSONObjectReader) throws {
        current = try reader.required("current_password")
        new = try reader.required("new_password")
        try reader.finish()
        guard (1...PasswordPolicy.lengths.upperBound).contains(current.unicodeScalars.count) else {
            throw Failure(
                .invalidValue,
                "current_password: must have 1 to \(PasswordPolicy.lengths.upperBound) characters"
            )
        }
    }
}

/// Short texts people give of themselves.
enum AccountText {
    /// Most characters of any of them.
    static let limit = 100

    static func optional(_ name: String, _ reader: inout JSONObjectReader, limit: Int) throws -> String? {
        guard let text = try reader.optional(name, as: String.self) else { return nil }
        guard !text.isEmpty else { throw Failure(.empty, "\(name): must not be empty") }
        guard text.unicodeScalars.count <= limit else {
            throw Failure(.tooLong, "\(name): at most \(limit) characters")
        }
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw Failure(.invalidContent, "\(name): must not hold control characters")
        }
        return text
    }
}
