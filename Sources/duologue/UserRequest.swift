internal import Domain

/// What `duologue user` is asked to do, and to whom.
struct UserRequest: Equatable {
    enum Action: Equatable {
        case create(email: String, fullName: String?, role: UserRole)
        case promote(to: UserRole)
        case disable
        case resetPassword
    }

    let action: Action
    let username: String

    /// Whether a password has to be read.
    var needsPassword: Bool {
        switch action {
        case .create, .resetPassword: true
        case .promote, .disable: false
        }
    }

    /// Reads the arguments after `user`.
    init(_ arguments: [String]) throws(Command.Invalid) {
        guard arguments.count >= 2, !arguments[1].hasPrefix("-") else { throw Command.Invalid(message: Usage.user) }
        username = arguments[1]
        var options = try Self.options(arguments.dropFirst(2))
        switch arguments[0] {
        case "create":
            guard let email = options.removeValue(forKey: "--email") else {
                throw Command.Invalid(message: "user create needs --email")
            }
            action = .create(
                email: email,
                fullName: options.removeValue(forKey: "--full-name"),
                role: try Self.role(&options) ?? .user
            )
        case "promote":
            guard let role = try Self.role(&options) else {
                throw Command.Invalid(message: "user promote needs --role user, moderator or admin")
            }
            action = .promote(to: role)
        case "disable": action = .disable
        case "reset-password": action = .resetPassword
        default: throw Command.Invalid(message: "there is no command user \(arguments[0])\n\n\(Usage.user)")
        }
        if let unknown = options.keys.sorted().first {
            throw Command.Invalid(message: "user \(arguments[0]) does not know \(unknown)\n\n\(Usage.user)")
        }
    }

    private static func options(_ arguments: ArraySlice<String>) throws(Command.Invalid) -> [String: String] {
        var options: [String: String] = [:]
        var rest = arguments
        while let name = rest.popFirst() {
            let parts = name.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts[0].hasPrefix("--"), let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
                // What is not named may be a password that somebody wrote here: it is not repeated.
                throw Command.Invalid(message: "user takes options with a value, and no password\n\n\(Usage.user)")
            }
            guard options.updateValue(value, forKey: parts[0]) == nil else {
                throw Command.Invalid(message: "\(parts[0]) may be given once")
            }
        }
        return options
    }

    private static func role(_ options: inout [String: String]) throws(Command.Invalid) -> UserRole? {
        guard let text = options.removeValue(forKey: "--role") else { return nil }
        guard let role = UserRole(rawValue: text) else {
            throw Command.Invalid(message: "--role takes user, moderator or admin; not: \(text)")
        }
        return role
    }
}
