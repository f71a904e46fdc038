/// Why an operation on a loop, a socket or a pool failed.
package struct IOError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure a caller can tell apart.
    package enum Code: String, Sendable {
        /// The stream was closed by this side.
        case closed
        /// A deadline passed first.
        case timeout
        /// The peer refused the connection.
        case refused
        /// No route to the peer.
        case unreachable
        /// The peer reset the connection.
        case reset
        /// Somebody else listens on the address.
        case addressInUse
        /// The host name has no address.
        case nameResolution
        /// A bounded queue is full; nothing was queued.
        case overloaded
        /// The component has been shut down.
        case shutdown
        /// Any other failure of a system call.
        case system
    }

    /// What happened, for code.
    package let code: Code
    /// What happened, for people.
    package let message: String

    /// Makes an error of a code and a sentence for people.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code.rawValue): \(message)" }
}
