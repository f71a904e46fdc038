internal import CHTTPParser

/// The one place that knows http-parser: it decodes the framing of a message whose head has been checked already.
///
/// Heads are read by `HTTPHeadReader` and chunk framing is checked by `ChunkGuard`, because http-parser tolerates what
/// request smuggling is made of; it stays the judge of where a body ends. One decoder serves one connection, message
/// after message. Loop-bound.
@safe
final class HTTPMessageDecoder {
    /// Which side wrote the messages.
    enum Kind {
        case request, response
    }

    /// The decoded body so far.
    private(set) var body: [UInt8] = []
    /// Whether the message has ended.
    private(set) var isComplete = false
    /// The response has no body whatever its head says, because it answers HEAD.
    var expectsNoBody = false

    private var parser = unsafe http_parser()
    private let kind: Kind
    private var bodyLimit = Int.max
    private var bodyExceeded = false

    /// Filled once and never freed; only read after that.
    nonisolated(unsafe) private static let settings: UnsafePointer<http_parser_settings> = {
        let settings = UnsafeMutablePointer<http_parser_settings>.allocate(capacity: 1)
        unsafe http_parser_settings_init(settings)
        unsafe settings.pointee.on_headers_complete = { parser in
            unsafe decoder(parser).expectsNoBody ? 1 : 0
        }
        unsafe settings.pointee.on_body = { parser, bytes, count in
            unsafe decoder(parser).take(UnsafeRawBufferPointer(start: bytes, count: count)) ? 0 : 1
        }
        unsafe settings.pointee.on_message_complete = { parser in
            unsafe decoder(parser).isComplete = true
            // Stops here, so that the bytes of the next message are not taken.
            unsafe http_parser_pause(parser, 1)
            return 0
        }
        return unsafe UnsafePointer(settings)
    }()

    private static func decoder(_ parser: UnsafeMutablePointer<http_parser>?) -> HTTPMessageDecoder {
        let data = unsafe parser.unsafelyUnwrapped.pointee.data.unsafelyUnwrapped
        return unsafe Unmanaged<HTTPMessageDecoder>.fromOpaque(data).takeUnretainedValue()
    }

    init(_ kind: Kind) { self.kind = kind }

    /// Begins a message whose decoded body may have `bodyLimit` bytes.
    func start(bodyLimit: Int, reservingBytes: Int = 0) {
        unsafe http_parser_init(&parser, kind == .request ? HTTP_REQUEST : HTTP_RESPONSE)
        unsafe parser.data = Unmanaged.passUnretained(self).toOpaque()
        body = []
        if reservingBytes > 0 { body.reserveCapacity(reservingBytes) }
        isComplete = false
        bodyExceeded = false
        self.bodyLimit = bodyLimit
    }

    /// Decodes `bytes` and returns how many of them belong to the message.
    ///
    /// - Throws: 400 when they are not HTTP, 413 when the body passes its limit, 501 for a method never heard of.
    func decode(_ bytes: Span<UInt8>) throws(Problem) -> Int {
        let count = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe buffer.withMemoryRebound(to: CChar.self) { characters in
                unsafe http_parser_execute(&parser, Self.settings, characters.baseAddress, characters.count)
            }
        }
        if bodyExceeded { throw .bodyTooLarge }
        if isComplete { return count }
        let number = unsafe parser.http_errno
        guard number == 0 else {
            throw number == HPE_INVALID_METHOD.rawValue ? .methodUnknown : .malformed("not an HTTP message")
        }
        return count
    }

    /// The peer has closed; true when that ends the message orderly.
    func finish() -> Bool {
        guard !isComplete else { return true }
        unsafe http_parser_execute(&parser, Self.settings, nil, 0)
        return isComplete
    }

    /// The body, which the decoder gives up.
    func takeBody() -> [UInt8] {
        defer { body = [] }
        return body
    }

    private func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count <= bodyLimit - body.count else {
            bodyExceeded = true
            return false
        }
        unsafe body.append(contentsOf: bytes)
        return true
    }
}
