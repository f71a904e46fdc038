package import Domain
internal import Hashing

/// Sends and reads messages for REST and socket alike.
///
/// Loop-bound.
package final class MessageService {
    private let gate: WriteGate
    private let reader: HistoryReader

    /// A service over the node's lane and stores of the same loop.
    package init(gate: WriteGate, reader: HistoryReader) {
        self.gate = gate
        self.reader = reader
    }

    /// A message that both stores hold, and whether it was there before.
    package struct Sent: Sendable {
        package let message: Message
        package let isDuplicate: Bool
    }

    /// Sends a message; with the same id the first result again, at any later time, on any node.
    ///
    /// - Throws: `chat_not_found`, `message_not_found` for the reply's or thread's target, `idempotency_mismatch`, and
    ///   what the coordinator throws.
    package func send(
        _ draft: MessageDraft,
        to chat: ChatID,
        by user: UserID,
        id: OperationID
    ) async throws -> Sent {
        let operation = OperationCodec.operation(chat: chat, actor: user, id: id, body: .createMessage(draft))
        let (allocation, isDuplicate) =
            switch try await gate.submit(operation) {
            case .committed(let allocation): (allocation, false)
            case .duplicate(let allocation): (allocation, true)
            case .existingChat, .unchanged, .moved: throw Failure(.internal, "A message was not answered as one.")
            }
        let committed = CommittedOperation(operation: operation, allocation: allocation)
        guard case .message(let image)? = PostImages.documents(of: committed).first else {
            throw Failure(.internal, "A message was committed without a number.")
        }
        return Sent(message: Message(image), isDuplicate: isDuplicate)
    }

    /// A page of a chat's messages and its snapshot; see `HistoryReader.page`.
    package func page(
        of chat: ChatID,
        for user: UserID,
        window: HistoryWindow,
        limit: Int
    ) async throws -> (messages: [Message], snapshot: HistorySnapshot) {
        try await reader.page(of: chat, for: user, window: window, limit: limit)
    }

    /// The operation id of an Idempotency-Key: the key itself where it is a UUID, otherwise its UUIDv5 (RFC 9562 §5.5).
    package static func operationID(idempotencyKey key: String) -> OperationID {
        if let id = OperationID(key) { return id }
        var bytes = Array(SHA1.hash(idempotencyNamespace.bytes + Array(key.utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x50
        bytes[8] = bytes[8] & 0x3F | 0x80
        return OperationID(bytes: bytes) ?? idempotencyNamespace
    }

    /// Drawn once at random; never to change, or keys would be forgotten.
    private static let idempotencyNamespace = UniversalID(high: 0x6f1d_9a53_54c2_4e0b, low: 0x9d0e_1c51_7ab2_88f4)
}
