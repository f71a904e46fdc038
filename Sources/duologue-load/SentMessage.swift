internal import Domain

/// A message as it left a sender, and what became of it.
struct SentMessage: Sendable, Equatable {
    let id: OperationID
    let sender: UserID
    let content: String
    let replyTo: SequenceNumber?
    /// The place the server said it took; nil before the ack.
    var sequence: SequenceNumber?

    /// A message that is not acked.
    init(id: OperationID, sender: UserID, content: String, replyTo: SequenceNumber?) {
        self.id = id
        self.sender = sender
        self.content = content
        self.replyTo = replyTo
    }

    /// Whether a message as it arrived says what was sent, byte for byte.
    func matches(_ arrived: ArrivedMessage) -> Bool {
        // Strings are equal when they are canonically equivalent: not enough here.
        sender == arrived.sender && replyTo == arrived.replyTo && arrived.type == "text"
            && arrived.content?.utf8.elementsEqual(content.utf8) == true
    }
}

/// A message as an event or a page of history holds it.
struct ArrivedMessage: Sendable, Equatable {
    let chat: ChatID
    let sequence: SequenceNumber
    let sender: UserID
    let type: String
    let content: String?
    let replyTo: SequenceNumber?
    let clientID: OperationID?
}
