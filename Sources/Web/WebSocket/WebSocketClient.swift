internal import Hashing
package import IOCore

/// Opens WebSockets to servers.
///
/// Loop-bound.
package enum WebSocketClient {
    /// Connects, upgrades and returns the open WebSocket, in the client's role.
    ///
    /// `headers` and `path` go into the request as they are. Compression is offered where there are contexts for it. The deadline covers everything; cancellation does not
    /// interrupt it.
    /// - Throws: `connection`, `timeout`, `rejected` with the status, or `invalidResponse`.
    package static func connect(
        host: String,
        port: Int,
        path: String = "/",
        headers: [(name: String, value: String)] = [],
        subprotocols: [String] = [],
        loop: EventLoop,
        deadline: Duration = .seconds(10),
        limits: WebSocketLimits = .init(),
        compression: DeflateContexts? = nil,
        outbound: OutboundLimits = .init(),
        resolver: BlockingPool
    ) async throws(WebSocketClientError) -> WebSocketConnection {
        let end = loop.now + deadline
        let stream = try await open(host, port, loop, deadline, outbound, resolver)
        let handshake = WebSocketClientHandshake(
            host: host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)",
            path: path,
            headers: headers,
            subprotocols: subprotocols,
            offersCompression: compression != nil,
            key: Base64.encode(SecureRandom.bytes(16))
        )
        let reader = ResponseReader(stream: stream)
        do throws(WebSocketClientError) {
            let head = try await reader.exchange(handshake.request, loop: loop, within: end - loop.now)
            let agreement = try handshake.verify(head)
            return WebSocketConnection(
                upgraded: stream,
                loop: loop,
                role: .client,
                leftover: reader.leftover,
                subprotocol: agreement.subprotocol,
                limits: limits,
                compression: agreement.isCompressed ? compression.map(WebSocketCompression.init(client:)) : nil
            )
        } catch {
            stream.close()
            throw error
        }
    }

    private static func open(
        _ host: String,
        _ port: Int,
        _ loop: EventLoop,
        _ deadline: Duration,
        _ outbound: OutboundLimits,
        _ resolver: BlockingPool
    ) async throws(WebSocketClientError) -> TCPStream {
        do throws(IOError) {
            return try await TCPStream.connect(
                host: host,
                port: port,
                loop: loop,
                deadline: deadline,
                limits: outbound,
                resolver: resolver
            )
        } catch {
            throw error.code == .timeout ? .timeout(error.message) : .connection(error.description)
        }
    }
}

/// Reads the head of the server's answer and keeps what comes behind it.
@safe
private final class ResponseReader: TCPStreamDelegate {
    private(set) var leftover: [UInt8] = []

    private let stream: TCPStream
    private var received: [UInt8] = []
    private var waiter: UnsafeContinuation<Result<String, WebSocketClientError>, Never>?
    private var timer: LoopTimer?

    private static let maximumHeadBytes = 16 * 1024

    init(stream: TCPStream) { self.stream = stream }

    func exchange(
        _ request: [UInt8],
        loop: EventLoop,
        within limit: Duration
    ) async throws(WebSocketClientError) -> String {
        stream.delegate = self
        guard stream.send(Frame(request)) else { throw .connection("the request does not fit the stream") }
        stream.startReading()
        timer = loop.schedule(after: limit) { [weak self] in self?.finish(.failure(.timeout("no answer in time"))) }
        let result = unsafe await withUnsafeContinuation { unsafe waiter = $0 }
        return try result.get()
    }

    private func finish(_ result: Result<String, WebSocketClientError>) {
        guard let waiting = unsafe waiter else { return }
        unsafe waiter = nil
        timer?.cancel()
        stream.stopReading()
        unsafe waiting.resume(returning: result)
    }

    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
        // The empty line may begin in what came before.
        var index = max(0, received.count - 3)
        unsafe bytes.withUnsafeBufferPointer { unsafe received.append(contentsOf: $0) }
        while index + 4 <= received.count {
            if received[index] == 13, received[index..<(index + 4)].elementsEqual([13, 10, 13, 10]) {
                leftover = Array(received[(index + 4)...])
                let head = String(decoding: received[..<index], as: UTF8.self)
                return finish(.success(head))
            }
            index += 1
        }
        if received.count > Self.maximumHeadBytes { finish(.failure(.invalidResponse("an endless response head"))) }
    }

    func stream(_ stream: TCPStream, didCloseWith error: IOError?) {
        finish(.failure(.connection(error?.description ?? "the server hung up during the handshake")))
    }

    func streamDidDrain(_ stream: TCPStream) {}
}
