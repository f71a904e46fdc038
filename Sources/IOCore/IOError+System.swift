internal import CUV
internal import Glibc

extension IOError {
    /// The failure behind an `errno` value of the system call named.
    static func system(_ call: String, _ number: Int32) -> IOError {
        let code: Code =
            switch number {
            case ECONNREFUSED: .refused
            case ECONNRESET, EPIPE: .reset
            case EHOSTUNREACH, ENETUNREACH: .unreachable
            case EADDRINUSE: .addressInUse
            case ETIMEDOUT: .timeout
            default: .system
            }
        let text = unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
        return IOError(code, "\(call): \(text)")
    }

    /// The failure behind a negative libuv result of the call named.
    static func uv(_ call: String, _ result: Int32) -> IOError { .system(call, -result) }
}
