extension RedisCommands {
    /// MGET: the values of several keys in their order, nil where there is none.
    package struct MultiGet: RedisCommand {
        package static let isWrite = false
        private let keys: [String]

        /// Reads `keys`, of which there is at least one; on a cluster they must share a slot.
        package init(_ keys: [String]) {
            self.keys = keys
        }

        package var routingKey: String? { keys.first }

        package func encode(into encoder: inout RedisEncoder) {
            encoder.append("MGET")
            for key in keys { encoder.append(key) }
        }

        package static func decode(_ reply: RedisReply) throws(RedisError) -> [[UInt8]?] {
            guard case .array(let elements) = reply else { throw reply.mismatch(expected: "an array") }
            return try elements.map { element throws(RedisError) in try element.decodeOptionalBytes() }
        }
    }
}
