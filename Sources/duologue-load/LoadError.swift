/// Why a command could not do its work.
struct LoadError: Error, Sendable, CustomStringConvertible {
    /// What a caller may do about it.
    enum Code: String, Sendable {
        /// The command line or the environment is not understood.
        case usage
        /// The server could not be reached, or went away.
        case connection
        /// The server answered, but refused.
        case refused
        /// The server's answer is not what the contract says.
        case contract
        /// Something did not come in time.
        case timeout
        /// A file or a figure of the system could not be read or written.
        case system
    }

    let code: Code
    let message: String
    /// The stable code of the server's problem, where it refused.
    let problem: String?
    /// Whether the server said that trying again may help.
    let isRetryable: Bool

    /// Makes an error; `problem` and `isRetryable` as the server said.
    init(_ code: Code, _ message: String, problem: String? = nil, isRetryable: Bool = false) {
        self.code = code
        self.message = message
        self.problem = problem
        self.isRetryable = isRetryable
    }

    var description: String { message }
}
