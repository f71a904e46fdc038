internal import Glibc
internal import IOCore

/// Reads a password from the terminal, unseen and twice, or the first line of what is piped in; never from the arguments, which every
/// process of the machine can read.
enum PasswordPrompt {
    /// Why there is no password.
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    /// Blocks until it is there.
    static func read() throws -> String {
        guard isatty(STDIN_FILENO) == 1 else { return try line() }
        var settings = termios()
        guard unsafe tcgetattr(STDIN_FILENO, &settings) == 0 else { throw Refused(description: "no terminal") }
        var silent = settings
        silent.c_lflag &= ~tcflag_t(ECHO)
        unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer { unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings) }
        let password = try ask("Password: ")
        guard try ask("Again: ") == password else { throw Refused(description: "the two passwords differ") }
        return password
    }

    private static func ask(_ question: String) throws -> String {
        show(question)
        defer { show("\n") }
        return try line()
    }

    private static func line() throws -> String {
        guard let line = readLine() else { throw Refused(description: "no password was given on standard input") }
        return line
    }

    private static func show(_ text: String) {
        let bytes = Array(text.utf8)
        unsafe bytes.withUnsafeBytes { _ = unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
