package import Domain
package import JSON

/// The fields of drafts and of forwarding.
extension ClientFields {
    /// The fields of a draft in `chat`; the caller finishes the reader.
    ///
    /// Throws `Failure` or `JSONError`.
    package static func draft(
        _ reader: inout JSONObjectReader,
        chat: ChatID
    ) throws -> (content: String, replyTo: SequenceNumber?) {
        let content: String = try reader.required("content")
        try check(content: content)
        return (content, try reference("reply_to", &reader, chat: chat))
    }

    /// The chats that a message is to be forwarded to, under `chat_ids`; the caller finishes the reader.
    ///
    /// Throws `Failure` or `JSONError`.
    package static func targets(_ reader: inout JSONObjectReader) throws -> [ChatID] {
        let numbers = try integers(reader.required("chat_ids"), "chat_ids")
        guard !numbers.isEmpty else { throw Failure(.invalidValue, "chat_ids: must name a chat") }
        guard numbers.count <= MessageService.forwardLimit else {
            throw Failure(.limitExceeded, "chat_ids: at most \(MessageService.forwardLimit)")
        }
        guard Set(numbers).count == numbers.count else { throw Failure(.invalidValue, "chat_ids: must differ") }
        return numbers.map(ChatID.init(rawValue:))
    }
}
