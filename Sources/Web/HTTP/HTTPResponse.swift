package import IOCore

/// What a handler answers.
///
/// Loop-bound, since an upgrade carries code of the loop.
///
/// The connection adds `Date`, `Content-Length`, `Connection` and `X-Request-Id`.
package struct HTTPResponse {
    package var status: HTTPStatus
    package var headers: HTTPHeaders
    package var body: Body

    /// What follows the head.
    package enum Body {
        case none
        case bytes([UInt8])
        /// The connection leaves HTTP after this 101.
        case upgrade(Upgrade)
    }

    /// What a connection does after it left HTTP: it owns the stream from then on.
    ///
    /// The bytes are those the client sent behind its request. The stream's delegate is nil and it is not reading; the
    /// new owner sets both. It calls `ended`, on the loop, once it is done with the stream, which is then closed.
    package typealias Upgrade = (_ stream: TCPStream, _ leftover: [UInt8], _ ended: @escaping () -> Void) -> Void

    /// A response with a body of the given media type.
    package init(_ status: HTTPStatus = .ok, contentType: String, body: [UInt8], headers: HTTPHeaders = HTTPHeaders()) {
        self.status = status
        self.headers = headers
        self.headers.set("Content-Type", contentType)
        self.body = .bytes(body)
    }

    /// A response without a body.
    package init(_ status: HTTPStatus, headers: HTTPHeaders = HTTPHeaders()) {
        self.status = status
        self.headers = headers
        body = .none
    }

    /// A response of JSON that is encoded already.
    package static func json(_ status: HTTPStatus = .ok, _ body: [UInt8]) -> HTTPResponse {
        HTTPResponse(status, contentType: "application/json", body: body)
    }

    /// A response of plain text in UTF-8.
    package static func text(_ status: HTTPStatus = .ok, _ text: String) -> HTTPResponse {
        HTTPResponse(status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }

    /// 101 Switching Protocols with these headers besides `Upgrade` and `Connection`, after which `upgrade` has the stream.
    package static func upgrade(
        to protocolName: String,
        headers: HTTPHeaders = HTTPHeaders(),
        _ upgrade: @escaping Upgrade
    ) -> HTTPResponse {
        var response = HTTPResponse(101, headers: headers)
        response.headers.set("Upgrade", protocolName)
        response.headers.set("Connection", "Upgrade")
        response.body = .upgrade(upgrade)
        return response
    }

    /// The body's bytes; empty for an upgrade.
    package var bodyBytes: [UInt8] {
        if case .bytes(let bytes) = body { bytes } else { [] }
    }
}
