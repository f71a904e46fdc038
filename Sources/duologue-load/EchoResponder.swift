internal import IOCore
internal import Web

/// Turns every request into a WebSocket that sends back what it gets.
///
/// Loop-bound.
final class EchoResponder: HTTPResponder {
    private let loop: EventLoop
    private let messageBytes: Int
    private let compresses: Bool
    private let contexts = DeflateContexts()
    private let echo = Echo()

    private init(loop: EventLoop, messageBytes: Int, compresses: Bool) {
        self.loop = loop
        self.messageBytes = messageBytes
        self.compresses = compresses
    }

    /// A server on 127.0.0.1 that takes messages of up to `messageBytes` and lets as much wait to be written.
    static func server(
        port: Int,
        messageBytes: Int,
        compresses: Bool,
        on group: EventLoopGroup,
        logger: Logger
    ) -> HTTPServer {
        var limits = HTTPLimits()
        limits.outbound = OutboundLimits(bytes: messageBytes, frames: .max)
        return HTTPServer(
            configuration: .init(port: port, limits: limits, drainTimeout: .zero),
            group: group,
            logger: logger
        ) { EchoResponder(loop: $0, messageBytes: messageBytes, compresses: compresses) }
    }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        let handshake: WebSocketHandshake
        do throws(WebSocketHandshakeError) {
            handshake = try WebSocketHandshake(
                method: request.method.name,
                httpVersion: (1, 1),
                headerValues: request.headers.values(of:)
            )
        } catch {
            return HTTPResponse(HTTPStatus(error.status), headers: HTTPHeaders(error.headers))
        }
        let agreement = compresses ? PerMessageDeflate.accept(handshake.offeredExtensions) : nil
        let headers = handshake.responseHeaders(extensions: agreement?.response)
            .filter { $0.name.hasPrefix("Sec-") }
        return .upgrade(to: "websocket", headers: HTTPHeaders(headers)) { [self] stream, leftover, ended in
            let connection = WebSocketConnection(
                upgraded: stream,
                loop: loop,
                role: .server,
                leftover: leftover,
                limits: WebSocketLimits(frameBytes: messageBytes, messageBytes: messageBytes),
                compression: agreement.map { WebSocketCompression($0, contexts: contexts) }
            )
            echo.begin(connection, ended: ended)
        }
    }
}

/// Sends back what connections get, and keeps them until they are closed.
///
/// Loop-bound.
private final class Echo: WebSocketReceiver {
    private var open: [ObjectIdentifier: (connection: WebSocketConnection, ended: () -> Void)] = [:]

    func begin(_ connection: WebSocketConnection, ended: @escaping () -> Void) {
        open[ObjectIdentifier(connection)] = (connection, ended)
        connection.receive(with: self)
    }

    func webSocket(_ connection: WebSocketConnection, didReceive message: WebSocketMessage) -> Bool {
        let isQueued =
            switch message {
            case .text(let bytes): connection.send(.text(bytes))
            case .binary(let bytes): connection.send(.binary(bytes))
            }
        if !isQueued { connection.close(.tryAgainLater, reason: "the client does not read what it is sent") }
        return true
    }

    func webSocketDidClose(_ connection: WebSocketConnection) {
        open.removeValue(forKey: ObjectIdentifier(connection))?.ended()
    }
}
