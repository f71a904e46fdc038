/// One reply of the server, in RESP2.
///
/// Source: https://redis.io/docs/reference/protocol-spec/
package enum RedisReply: Sendable, Equatable {
    /// A bulk string: any bytes.
    case string([UInt8])
    /// A simple string, as in `OK`.
    case status(String)
    /// An error, as in `ERR unknown command`.
    case error(String)
    /// A signed 64-bit integer.
    case integer(Int64)
    /// A null bulk string or a null array.
    case null
    /// An array, nested at most seven deep.
    case array([RedisReply])
}

/// How large a reply may become before the connection is given up.
package struct RedisReplyLimits: Sendable {
    /// The longest bulk string, in bytes.
    package var bulkBytes = 32 * 1024 * 1024
    /// The longest simple string, error, integer or length line, in bytes.
    package var lineBytes = 64 * 1024
    /// The most strings and lines of one reply together, in bytes.
    package var totalBytes = 64 * 1024 * 1024
    /// The most elements of one reply, those of nested arrays included.
    package var elements = 1_000_000

    /// Makes the limits that suit a cache: no value of ours comes near them.
    package init() {}
}
