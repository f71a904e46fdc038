/// The commands Duologue uses.
///
/// Source: https://redis.io/commands/
package enum RedisCommands {
    /// PING: answers when the server lives.
    package struct Ping: RedisCommand {
        package static let isWrite = false

        /// Makes a PING.
        package init() {}

        package func encode(into encoder: inout RedisEncoder) {
            encoder.append("PING")
        }

        package static func decode(_ reply: RedisReply) throws(RedisError) {
            guard case .status("PONG") = reply else { throw reply.mismatch(expected: "PONG") }
        }
    }

    /// GET: the value of a key, nil where there is none.
    package struct Get: RedisCommand {
        package static let isWrite = false
        private let key: String

        /// Reads `key`.
        package init(_ key: String) {
            self.key = key
        }

        package var routingKey: String? { key }

        package func encode(into encoder: inout RedisEncoder) {
            encoder.append("GET")
            encoder.append(key)
        }

        package static func decode(_ reply: RedisReply) throws(RedisError) -> [UInt8]? {
            try reply.decodeOptionalBytes()
        }
    }

    /// SET: stores a value, and tells whether it did.
    package struct Set: RedisCommand {
        package static let isWrite = true
        private let key: String
        private let value: [UInt8]
        private let lifetime: Duration?
        private let onlyIfAbsent: Bool

        /// Stores `value`; a lifetime counts in milliseconds (at least one) and replaces an older one.
        package init(_ key: String, to value: [UInt8], lifetime: Duration? = nil, onlyIfAbsent: Bool = false) {
            self.key = key
            self.value = value
            self.lifetime = lifetime
            self.onlyIfAbsent = onlyIfAbsent
        }

        package var routingKey: String? { key }

        package func encode(into encoder: inout RedisEncoder) {
            encoder.append("SET")
            encoder.append(key)
            encoder.append(value)
            if let lifetime { encodeLifetime(lifetime, into: &encoder) }
            if onlyIfAbsent { encoder.append("NX") }
        }

        /// False where `onlyIfAbsent` met an existing key.
        package static func decode(_ reply: RedisReply) throws(RedisError) -> Bool {
            switch reply {
            case .status("OK"): return true
            case .null: return false
            default: throw reply.mismatch(expected: "OK or null")
            }
        }

        private func encodeLifetime(_ lifetime: Duration, into encoder: inout RedisEncoder) {
            let milliseconds = lifetime.wholeMilliseconds
            if milliseconds % 1000 == 0 {
                encoder.append("EX")
                encoder.append(milliseconds / 1000)
            } else {
                encoder.append("PX")
                encoder.append(milliseconds)
            }
        }
    }

    /// GETDEL: takes a value away, so that exactly one caller gets it.
    package struct GetDelete: RedisCommand {
        package static let isWrite = true
        private let key: String

        /// Takes `key`.
        package init(_ key: String) {
            self.key = key
        }

        package var routingKey: String? { key }

        package func encode(into encoder: inout RedisEncoder) {
            encoder.append("GETDEL")
            encoder.append(key)
        }

        package static func decode(_ reply: RedisReply) throws(RedisError) -> [UInt8]? {
            try reply.decodeOptionalBytes()
        }
    }

    /// DEL: removes keys, and tells how many existed.
    package struct Delete: RedisCommand {
        package static let isWrite = true
        private let keys: [String]

        /// Removes `keys`, of which there is at least one.
        package init(_ keys: [String]) {
            self.keys = keys
        }

        package var routingKey: String? { keys.first }

        package func encode(into encoder: inout RedisEncoder) {
            encoder.append("DEL")
            for key in keys { encoder.append(key) }
        }

        package static func decode(_ reply: RedisReply) throws(RedisError) -> Int64 {
            try reply.decodeInteger()
        }
    }

    /// INCR: adds one to a counter, and tells its new value.
    package struct Increment: RedisCommand {
        package static let isWrite = true
        private let key: String

        /// Adds one to `key`, from zero where it is absent.
        package init(_ key: String) {
            self.key = key
        }

        package var routingKey: String? { key }

        package func encode(into encoder: inout RedisEncoder) {
            encoder.append("INCR")
            encoder.append(key)
        }

        package static func decode(_ reply: RedisReply) throws(RedisError) -> Int64 {
            try reply.decodeInteger()
        }
    }

    /// PEXPIRE: sets a lifetime, and tells whether the key exists.
    package struct Expire: RedisCommand {
        package static let isWrite = true
        private let key: String
        private let lifetime: Duration

        /// Lets `key` end after `lifetime`, in milliseconds (at least one).
        package init(_ key: String, after lifetime: Duration) {
            self.key = key
            self.lifetime = lifetime
        }

        package var routingKey: String? { key }

        package func encode(into encoder: inout RedisEncoder) {
            encoder.append("PEXPIRE")
            encoder.append(key)
            encoder.append(lifetime.wholeMilliseconds)
        }

        package static func decode(_ reply: RedisReply) throws(RedisError) -> Bool {
            try reply.decodeInteger() == 1
        }
    }

    /// PUBLISH or SPUBLISH: sends a message to whoever listens now, and tells how many that were.
    package struct Publish: RedisCommand {
        package static let isWrite = true
        private let payload: [UInt8]
        private let channel: String
        private let mode: RedisPubSubMode

        /// Publishes `payload`; the mode must be that of the subscribers.
        package init(_ payload: [UInt8], to channel: String, mode: RedisPubSubMode = .sharded) {
            self.payload = payload
            self.channel = channel
            self.mode = mode
        }

        package var routingKey: String? { mode == .sharded ? channel : nil }

        package func encode(into encoder: inout RedisEncoder) {
            encoder.append(mode == .sharded ? "SPUBLISH" : "PUBLISH")
            encoder.append(channel)
            encoder.append(payload)
        }

        package static func decode(_ reply: RedisReply) throws(RedisError) -> Int64 {
            try reply.decodeInteger()
        }
    }

    /// Any command, for what has no type of its own; every error reply still throws.
    package struct Raw: RedisCommand {
        package static let isWrite = true
        package let routingKey: String?
        private let arguments: [[UInt8]]

        /// Sends the name and arguments as they are, on a cluster to the master that serves `key`.
        package init(_ arguments: [[UInt8]], key: String? = nil) {
            self.arguments = arguments
            routingKey = key
        }

        /// Sends the name and arguments as UTF-8, on a cluster to the master that serves `key`.
        package init(_ arguments: String..., key: String? = nil) {
            self.init(arguments.map { [UInt8]($0.utf8) }, key: key)
        }

        package func encode(into encoder: inout RedisEncoder) {
            for argument in arguments { encoder.append(argument) }
        }

        package static func decode(_ reply: RedisReply) throws(RedisError) -> RedisReply {
            reply
        }
    }
}

extension Duration {
    /// Milliseconds, at least one: Redis refuses a lifetime of zero.
    var wholeMilliseconds: Int64 {
        max(1, components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)
    }
}
