package import Domain
internal import Hashing

/// Ids of operations that follow from something else, so that a retry has the same (UUIDv5, RFC 9562 section 5.5).
package enum OperationIDs {
    /// The id that an Idempotency-Key stands for: the key itself where it is a UUID.
    package static func id(idempotencyKey key: String) -> OperationID {
        OperationID(key) ?? named(key, in: idempotencyNamespace)
    }

    /// The id of one of the operations that a single request is made of.
    package static func id(of index: Int, in request: OperationID) -> OperationID { named("\(index)", in: request) }

    /// The id of the operation in a chat, of the operations in several chats that a single request is made of.
    package static func id(of chat: ChatID, in request: OperationID) -> OperationID {
        named("chat \(chat)", in: request)
    }

    private static func named(_ name: String, in namespace: UniversalID) -> OperationID {
        var bytes = Array(SHA1.hash(namespace.bytes + Array(name.utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x50
        bytes[8] = bytes[8] & 0x3F | 0x80
        return OperationID(bytes: bytes) ?? namespace
    }

    /// Drawn once at random; never to change, or keys would be forgotten.
    private static let idempotencyNamespace = UniversalID(high: 0x6f1d_9a53_54c2_4e0b, low: 0x9d0e_1c51_7ab2_88f4)
}
