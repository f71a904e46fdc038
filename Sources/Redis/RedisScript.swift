/// A Lua script that runs atomically on the server.
///
/// Source: https://redis.io/docs/interact/programmability/eval-intro/
package struct RedisScript: Sendable, Hashable {
    /// The Lua text.
    package let source: String

    /// Names a script by its text.
    package init(_ source: String) {
        self.source = source
    }
}

extension RedisCommands {
    /// SCRIPT LOAD: keeps a script on the server, and tells the digest to call it by.
    package struct ScriptLoad: RedisCommand {
        package static let isWrite = false
        private let script: RedisScript

        /// Loads `script`; loading twice is harmless.
        package init(_ script: RedisScript) {
            self.script = script
        }

        package func encode(into encoder: inout RedisEncoder) {
            encoder.append("SCRIPT")
            encoder.append("LOAD")
            encoder.append(script.source)
        }

        package static func decode(_ reply: RedisReply) throws(RedisError) -> String {
            guard case .string(let digest) = reply else { throw reply.mismatch(expected: "a string") }
            return String(decoding: digest, as: UTF8.self)
        }
    }

    /// EVAL or EVALSHA: runs a script by its text or by the digest of a loaded one.
    package struct Evaluate: RedisCommand {
        /// How the server learns which script is meant.
        package enum Reference: Sendable {
            /// The text itself; the server keeps it for later calls by digest.
            case source(String)
            /// The digest; the server answers NOSCRIPT, having run nothing, where it does not know it.
            case digest(String)
        }

        package static let isWrite = true
        private let reference: Reference
        private let keys: [String]
        private let arguments: [[UInt8]]

        /// Runs the script with `KEYS` and `ARGV`; every key it touches must be among the keys.
        package init(_ reference: Reference, keys: [String], arguments: [[UInt8]]) {
            self.reference = reference
            self.keys = keys
            self.arguments = arguments
        }

        package var routingKey: String? { keys.first }

        package func encode(into encoder: inout RedisEncoder) {
            switch reference {
            case .source(let text):
                encoder.append("EVAL")
                encoder.append(text)
            case .digest(let digest):
                encoder.append("EVALSHA")
                encoder.append(digest)
            }
            encoder.append(Int64(keys.count))
            for key in keys { encoder.append(key) }
            for argument in arguments { encoder.append(argument) }
        }

        package static func decode(_ reply: RedisReply) throws(RedisError) -> RedisReply {
            reply
        }
    }
}
