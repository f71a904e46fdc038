internal import CHiredis

/// Cuts the bytes of a connection into replies, with hiredis as the parser.
///
/// The parser is given our own constructors, so replies are built as Swift values in one step and its `redisReply`
/// structures never exist. What hiredis leaves unbounded (declared lengths, the read buffer) is bounded here.
@safe
struct RedisReplyReader: ~Copyable {
    /// hiredis moves the rest of its buffer down for each KiB it consumed, so it is fed in pieces as small as it reads itself.
    private static let pieceBytes = 16 * 1024
    /// The longest length line of a bulk string: a sign and nineteen digits.
    private static let lengthDigits = 20

    private let reader: UnsafeMutablePointer<redisReader>
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let builder: RedisReplyBuilder
    private let limits: RedisReplyLimits

    init(limits: RedisReplyLimits) {
        let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        unsafe functions.initialize(to: RedisReplyBuilder.functions)
        guard let reader = unsafe redisReaderCreateWithFunctions(functions) else {
            preconditionFailure("out of memory")
        }
        let builder = RedisReplyBuilder(limits: limits)
        unsafe reader.pointee.privdata = unsafe Unmanaged.passUnretained(builder).toOpaque()
        unsafe self.reader = unsafe reader
        unsafe self.functions = unsafe functions
        self.builder = builder
        self.limits = limits
    }

    deinit {
        unsafe redisReaderFree(reader)
        unsafe functions.deallocate()
    }

    /// Takes the next bytes of the stream and hands over every reply they complete, in order.
    ///
    /// After a throw the reader is of no further use. `onReply` returns false to stop, as after a close.
    func read(_ bytes: Span<UInt8>, onReply: (RedisReply) -> Bool) throws(RedisError) {
        var offset = 0
        while offset < bytes.count {
            let end = min(offset + Self.pieceBytes, bytes.count)
            try feed(bytes.extracting(offset..<end))
            offset = end
            while let reply = try next() {
                guard onReply(reply) else { return }
            }
            try checkUnfinished()
        }
    }

    private func feed(_ piece: Span<UInt8>) throws(RedisError) {
        let status = unsafe piece.withUnsafeBytes { buffer in
            unsafe redisReaderFeed(reader, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
        }
        guard status == REDIS_OK else { throw violation() }
    }

    private func next() throws(RedisError) -> RedisReply? {
        var mark: UnsafeMutableRawPointer?
        guard unsafe redisReaderGetReply(reader, &mark) == REDIS_OK else { throw violation() }
        guard unsafe mark != nil else { return nil }
        return builder.take()
    }

    /// Refuses what would make the buffer grow without end: a line that does not end, a length beyond the limit.
    private func checkUnfinished() throws(RedisError) {
        let pending = unsafe reader.pointee.len - reader.pointee.pos
        guard pending > 0 else { return }
        guard isInsideBulk else {
            guard pending <= limits.lineBytes else {
                throw RedisError(.protocolViolation, "a line is longer than \(limits.lineBytes) bytes")
            }
            return
        }
        guard let length = try declaredLength(pending: pending) else { return }
        guard length <= limits.bulkBytes else {
            throw RedisError(.protocolViolation, "a string of \(length) bytes exceeds the limit of \(limits.bulkBytes)")
        }
    }

    private var isInsideBulk: Bool {
        let index = unsafe Int(reader.pointee.ridx)
        guard index >= 0, let offset = unsafe MemoryLayout<redisReader>.offset(of: \redisReader.rstack) else {
            return false
        }
        let tasks = unsafe UnsafeRawPointer(reader).advanced(by: offset).assumingMemoryBound(to: redisReadTask.self)
        return unsafe tasks[index].type == REDIS_REPLY_STRING
    }

    /// The length a bulk string announces, or nil while its line is incomplete.
    private func declaredLength(pending: Int) throws(RedisError) -> Int? {
        guard let buffer = unsafe reader.pointee.buf else { return nil }
        var length = 0
        for index in 0..<pending {
            let byte = unsafe UInt8(bitPattern: buffer[Int(reader.pointee.pos) + index])
            if byte == UInt8(ascii: "\r") { return length }
            guard index < Self.lengthDigits else { break }
            // Anything but a digit is judged by hiredis itself when the line is complete.
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { continue }
            let (scaled, overflow) = length.multipliedReportingOverflow(by: 10)
            guard !overflow, scaled < Int.max - 10 else { return Int.max }
            length = scaled + Int(byte - UInt8(ascii: "0"))
        }
        guard pending <= Self.lengthDigits else {
            throw RedisError(.protocolViolation, "the length of a string does not end")
        }
        return nil
    }

    private func violation() -> RedisError {
        if let refusal = builder.refusal { return RedisError(.protocolViolation, refusal) }
        let text = unsafe withUnsafeBytes(of: reader.pointee.errstr) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return RedisError(.protocolViolation, text)
    }
}
