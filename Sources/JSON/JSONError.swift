/// Why JSON from outside was refused; it never quotes the input, which may hold a password or a message.
package struct JSONError: Error, Equatable, Sendable {
    /// What is wrong; none of these goes away by trying again.
    package enum Code: Sendable {
        /// The bytes are not one JSON text as RFC 8259 and this module's limits have it.
        case invalidJSON
        /// An object has a field that nobody asked for.
        case unknownField
        /// A field is missing, of another type than wanted, or a number does not fit.
        case invalidValue
    }

    package let code: Code
    /// The field, as names joined by dots and cut to 64 Unicode scalars; empty for the document itself.
    package let path: String
    package let message: String

    package init(_ code: Code, path: String = "", message: String) {
        self.code = code
        self.path = String(path.unicodeScalars.prefix(Self.pathLimit))
        self.message = message
    }

    private static let pathLimit = 64
}
