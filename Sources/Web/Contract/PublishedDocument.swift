internal import Hashing

/// Bytes that are the same for everybody, served with a strong entity tag so that a client fetches them once.
package struct PublishedDocument: Sendable {
    private let contentType: String
    private let bytes: [UInt8]
    private let tag: String
    private let headers: HTTPHeaders

    /// A document with header fields of its own.
    package init(contentType: String, bytes: [UInt8], headers: HTTPHeaders = HTTPHeaders()) {
        self.contentType = contentType
        self.bytes = bytes
        tag = "\"\(Base64URL.encode(Array(SHA256.hash(bytes).prefix(16))))\""
        var headers = headers
        headers.set("ETag", tag)
        headers.set("Cache-Control", "no-cache")
        self.headers = headers
    }

    /// The document, or 304 for a client that has it (RFC 9110 section 13.1.2).
    package func answer(_ request: HTTPRequest) -> HTTPResponse {
        guard !isKnown(to: request) else { return HTTPResponse(304, headers: headers) }
        return HTTPResponse(contentType: contentType, body: bytes, headers: headers)
    }

    /// Our tags hold neither commas nor spaces, so that a list of tags may be split at both.
    private func isKnown(to request: HTTPRequest) -> Bool {
        request.headers.values(of: "If-None-Match").contains { list in
            list.split(whereSeparator: { $0 == "," || $0 == " " }).contains {
                $0 == "*" || $0 == tag || $0 == "W/\(tag)"
            }
        }
    }
}
