internal import CHiredis

/// Builds one reply at a time from the parser's calls, which come depth first.
///
/// hiredis knows no limit on what a reply declares: a refusal here makes it fail as if memory had run out.
final class RedisReplyBuilder {
    private struct OpenArray {
        var missing: Int
        var elements: [RedisReply]
    }

    /// Why the reply was refused, if it was.
    private(set) var refusal: String?

    private let limits: RedisReplyLimits
    private var openArrays: [OpenArray] = []
    private var finished: RedisReply?
    private var totalBytes = 0
    private var totalElements = 0

    init(limits: RedisReplyLimits) {
        self.limits = limits
    }

    /// The reply just completed; the builder is ready for the next one.
    func take() -> RedisReply? {
        defer {
            finished = nil
            totalBytes = 0
            totalElements = 0
        }
        return finished
    }

    private func add(_ reply: RedisReply) {
        var value = reply
        while var array = openArrays.popLast() {
            array.elements.append(value)
            array.missing -= 1
            guard array.missing == 0 else {
                openArrays.append(array)
                return
            }
            value = .array(array.elements)
        }
        finished = value
    }

    private func addString(_ bytes: UnsafeRawBufferPointer, type: Int32) -> Bool {
        totalBytes += bytes.count
        guard totalBytes <= limits.totalBytes else { return refuse("a reply exceeds \(limits.totalBytes) bytes") }
        switch type {
        case REDIS_REPLY_STRING: unsafe add(.string([UInt8](bytes)))
        case REDIS_REPLY_ERROR: unsafe add(.error(String(decoding: bytes, as: UTF8.self)))
        default: unsafe add(.status(String(decoding: bytes, as: UTF8.self)))
        }
        return true
    }

    private func addArray(count: Int) -> Bool {
        totalElements += count
        guard totalElements <= limits.elements else {
            return refuse("a reply exceeds \(limits.elements) elements")
        }
        guard count > 0 else {
            add(.array([]))
            return true
        }
        var elements: [RedisReply] = []
        // The count is only a promise: memory follows what really arrives.
        elements.reserveCapacity(min(count, 64))
        openArrays.append(OpenArray(missing: count, elements: elements))
        return true
    }

    private func refuse(_ reason: String) -> Bool {
        refusal = reason
        return false
    }

    // MARK: - The parser's callbacks

    /// What hiredis keeps in place of an object: it only compares it with null.
    private static func mark(_ accepted: Bool) -> UnsafeMutableRawPointer? {
        unsafe accepted ? UnsafeMutableRawPointer(bitPattern: 1) : nil
    }

    private static func building(_ task: UnsafePointer<redisReadTask>?) -> RedisReplyBuilder {
        guard let task = unsafe task, let builder = unsafe task.pointee.privdata else {
            preconditionFailure("hiredis called without its task")
        }
        return unsafe Unmanaged<RedisReplyBuilder>.fromOpaque(builder).takeUnretainedValue()
    }

    static var functions: redisReplyObjectFunctions {
        unsafe redisReplyObjectFunctions(
            createString: { task, text, length in
                let bytes = unsafe UnsafeRawBufferPointer(start: text, count: length)
                let type = unsafe task?.pointee.type ?? REDIS_REPLY_STRING
                return unsafe RedisReplyBuilder.mark(RedisReplyBuilder.building(task).addString(bytes, type: type))
            },
            createArray: { task, count in
                unsafe RedisReplyBuilder.mark(RedisReplyBuilder.building(task).addArray(count: Int(count)))
            },
            createInteger: { task, value in
                unsafe RedisReplyBuilder.building(task).add(.integer(value))
                return unsafe RedisReplyBuilder.mark(true)
            },
            createNil: { task in
                unsafe RedisReplyBuilder.building(task).add(.null)
                return unsafe RedisReplyBuilder.mark(true)
            },
            freeObject: { _ in }
        )
    }
}
