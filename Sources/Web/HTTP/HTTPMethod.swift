/// A request method (RFC 9110 section 9); methods this server gives no meaning to keep their name.
package enum HTTPMethod: Hashable, Sendable {
    case get, head, post, put, patch, delete, options
    /// Any other token, case-sensitive, as sent.
    case other(String)

    /// The method with this name.
    ///
    /// Names are case-sensitive.
    package init(_ name: String) {
        switch name {
        case "GET": self = .get
        case "HEAD": self = .head
        case "POST": self = .post
        case "PUT": self = .put
        case "PATCH": self = .patch
        case "DELETE": self = .delete
        case "OPTIONS": self = .options
        default: self = .other(name)
        }
    }

    /// The name as it goes over the wire.
    package var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .other(let name): name
        }
    }

    /// The name for a metric label, of which there must be few: a client's invented method is `OTHER`.
    package var label: String {
        if case .other = self { "OTHER" } else { name }
    }
}
