/// A command together with the type of its response.
///
/// Error replies never reach ``decode(_:)``: the client throws them as ``RedisError/Code/server(prefix:)``.
package protocol RedisCommand: Sendable {
    associatedtype Response: Sendable

    /// True where losing the reply leaves unknown whether the data changed.
    static var isWrite: Bool { get }

    /// The key or channel whose slot decides which master of a cluster runs the command; nil where any may.
    ///
    /// Further keys must lie in the same slot, as keys with the same text in braces do.
    var routingKey: String? { get }

    /// Appends the name and then the arguments.
    func encode(into encoder: inout RedisEncoder)

    /// Makes the response from a reply that is not an error, or throws ``RedisError/Code/decoding``.
    static func decode(_ reply: RedisReply) throws(RedisError) -> Response
}

extension RedisCommand {
    /// For commands without a key.
    package var routingKey: String? { nil }

    /// The command as it goes over the wire.
    func encoded() -> [UInt8] {
        var encoder = RedisEncoder()
        encode(into: &encoder)
        return encoder.finish()
    }
}

extension RedisReply {
    /// The integer of this reply, or a decoding error.
    package func decodeInteger() throws(RedisError) -> Int64 {
        guard case .integer(let value) = self else { throw mismatch(expected: "an integer") }
        return value
    }

    /// The bytes of this reply, nil for null, or a decoding error.
    package func decodeOptionalBytes() throws(RedisError) -> [UInt8]? {
        switch self {
        case .string(let bytes): return bytes
        case .null: return nil
        default: throw mismatch(expected: "a string or null")
        }
    }

    /// A decoding error that names the kinds, never the content.
    package func mismatch(expected: String) -> RedisError {
        let kind =
            switch self {
            case .string: "a string"
            case .status: "a status"
            case .error: "an error"
            case .integer: "an integer"
            case .null: "null"
            case .array: "an array"
            }
        return RedisError(.decoding, "expected \(expected), got \(kind)")
    }
}
