internal import Domain
internal import Hashing
internal import JSON

/// A file of everything the server acknowledged, for checking after it was killed.
///
/// Loop-bound. One JSON object a line: first who can read each chat, then every acked message, written when its ack came.
final class Journal {
    /// A member of a chat, made for this run only.
    struct Reader: Sendable, Equatable {
        let chat: ChatID
        let username: String
        let password: String
    }

    /// An acked message.
    struct Entry: Sendable, Equatable {
        let chat: ChatID
        let sequence: SequenceNumber
        let offset: Offset
        let sender: UserID
        let id: OperationID
        /// SHA-256 of the content, hexadecimal.
        let digest: String
    }

    private let path: String
    private let descriptor: Int32

    /// Makes or empties the file, readable by its owner only: it holds the passwords of the run's accounts.
    ///
    /// - Throws: `system`.
    init(path: String) throws(LoadError) {
        self.path = path
        descriptor = try Files.create(path)
    }

    /// Notes who can read a chat.
    ///
    /// - Throws: `system`.
    func begin(_ chat: ChatID, readableBy user: LoadUser) throws(LoadError) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("chat_id")
        writer.integer(chat.rawValue)
        writer.key("username")
        writer.string(user.username)
        writer.key("password")
        writer.string(user.password)
        writer.endObject()
        try write(writer)
    }

    /// Notes an acked message.
    ///
    /// - Throws: `system`.
    func append(
        _ message: SentMessage,
        in chat: ChatID,
        at sequence: SequenceNumber,
        offset: Offset
    ) throws(LoadError) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("chat_id")
        writer.integer(chat.rawValue)
        writer.key("seq")
        writer.integer(sequence.rawValue)
        writer.key("offset")
        writer.integer(offset.rawValue)
        writer.key("sender_id")
        writer.integer(message.sender.rawValue)
        writer.key("client_msg_id")
        writer.string(message.id.description)
        writer.key("sha256")
        writer.string(Self.digest(message.content))
        writer.endObject()
        try write(writer)
    }

    /// The SHA-256 of a content's bytes, hexadecimal.
    static func digest(_ content: String) -> String {
        SHA256.hash(Array(content.utf8)).map { byte in
            let text = String(byte, radix: 16)
            return text.utf8.count == 1 ? "0" + text : text
        }.joined()
    }

    /// Reads a journal; a last line that was cut off is left out.
    ///
    /// - Throws: `system`, with the number of a line that is broken.
    static func read(_ bytes: [UInt8]) throws(LoadError) -> (readers: [Reader], entries: [Entry]) {
        var readers: [Reader] = []
        var entries: [Entry] = []
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        lines.removeLast()
        for (number, line) in lines.enumerated() {
            guard case .object(let object) = try? JSONValue(parsing: Array(line)), let chat = object.integer("chat_id")
            else { throw LoadError(.system, "the journal's line \(number + 1) is broken") }
            if let username = object.string("username"), let password = object.string("password") {
                readers.append(Reader(chat: ChatID(rawValue: chat), username: username, password: password))
            } else if let entry = entry(object, chat) {
                entries.append(entry)
            } else {
                throw LoadError(.system, "the journal's line \(number + 1) is broken")
            }
        }
        return (readers, entries)
    }

    private static func entry(_ object: JSONObject, _ chat: Int64) -> Entry? {
        guard let sequence = object.integer("seq"), let offset = object.integer("offset"),
            let sender = object.integer("sender_id"),
            let id = object.string("client_msg_id").flatMap({ OperationID($0) }),
            let digest = object.string("sha256")
        else { return nil }
        return Entry(
            chat: ChatID(rawValue: chat),
            sequence: SequenceNumber(rawValue: sequence),
            offset: Offset(rawValue: offset),
            sender: UserID(rawValue: sender),
            id: id,
            digest: digest
        )
    }

    private func write(_ writer: JSONWriter) throws(LoadError) {
        try Files.write(writer.bytes + [UInt8(ascii: "\n")], to: descriptor, of: path)
    }
}
