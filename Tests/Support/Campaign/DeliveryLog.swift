/// The durable events that one client received, chat by chat, in the order they came.
package struct DeliveryLog: Sendable {
    /// Whose client it is.
    package let user: Int64
    /// What the client is called in reports: its node, for one.
    package let name: String
    package private(set) var segments: [Int64: [Segment]] = [:]
    private var isConnected = false

    /// What came over one connection.
    package struct Segment: Sendable, Equatable {
        /// The head that `ready` named; nil where it did not name the chat.
        package let head: Int64?
        package var offsets: [Int64] = []
        /// Whether the connection was still open when the log was closed.
        package var isOpen = true
        /// Bodies of announced messages by their `client_msg_id`.
        package var messages: [String: String] = [:]

        package init(head: Int64?, offsets: [Int64] = [], isOpen: Bool = true) {
            self.head = head
            self.offsets = offsets
            self.isOpen = isOpen
        }
    }

    package init(user: Int64, name: String) {
        self.user = user
        self.name = name
    }

    /// A new connection, with the heads of the chats that its `ready` named.
    package mutating func begin(heads: [Int64: Int64], chats: [Int64]) {
        end()
        isConnected = true
        for chat in chats { segments[chat, default: []].append(Segment(head: heads[chat])) }
    }

    /// The connection ended.
    package mutating func end() {
        isConnected = false
        segments = segments.mapValues { list in
            var list = list
            if !list.isEmpty { list[list.count - 1].isOpen = false }
            return list
        }
    }

    /// A durable event arrived; with the client's id and the body where it is a new message.
    package mutating func receive(chat: Int64, offset: Int64, message: (id: String, body: String)? = nil) {
        guard isConnected else { return }
        var list = segments.removeValue(forKey: chat) ?? []
        if list.last?.isOpen != true { list.append(Segment(head: nil)) }
        list[list.count - 1].offsets.append(offset)
        if let message { list[list.count - 1].messages[message.id] = message.body }
        segments[chat] = list
    }

    /// The newest offset of a chat that the present connection knows of.
    package func newest(of chat: Int64) -> Int64? {
        guard let segment = segments[chat]?.last, segment.isOpen else { return nil }
        return segment.offsets.last ?? segment.head
    }
}
