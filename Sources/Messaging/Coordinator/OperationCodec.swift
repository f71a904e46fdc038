package import Domain
internal import Hashing
internal import JSON

/// Writes an operation's body into the bytes a redo row keeps, and reads it back in recovery.
///
/// The bytes are JSON, so that an operator can read a stuck row. What the client asked for comes first and makes the
/// digest; what the server adds follows and does not count, so that a retry is the same operation: the client's id, limits
/// of the server, and the old document that the post-image is made from.
package enum OperationCodec {
    /// A payload that this version cannot read.
    package struct Unreadable: Error, Sendable {
        /// What is wrong with it, without its values.
        package let reason: String
    }

    /// An operation with its digest and payload made from its body.
    package static func operation(
        chat: ChatID,
        actor: UserID,
        id: OperationID,
        body: Operation.Body
    ) -> Operation {
        var writer = JSONWriter()
        writer.beginObject()
        writer.clientFields(of: body)
        let hash = SHA256.hash(writer.bytes)
        writer.serverFields(of: body)
        writer.endObject()
        return Operation(chat: chat, actor: actor, id: id, hash: hash, body: body, payload: writer.bytes)
    }

    /// The digest alone: what `chat_events.body_hash` holds of an operation with this body.
    package static func hash(of body: Operation.Body) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.clientFields(of: body)
        return SHA256.hash(writer.bytes)
    }

    /// The body that a payload of this kind holds; `chat` is the one that the operation is in.
    package static func body(
        of kind: EventKind,
        payload: [UInt8],
        chat: ChatID
    ) throws(Unreadable) -> Operation.Body {
        do {
            var reader = PayloadReader(try JSONObjectReader(parsing: payload), chat: chat)
            return try reader.body(of: kind)
        } catch let error as JSONError {
            throw Unreadable(reason: "\(error.path): \(error.message)")
        } catch let error as Unreadable {
            throw error
        } catch {
            throw Unreadable(reason: "not a payload")
        }
    }
}
