import Domain
import Messaging
import Testing

@testable import duologue_load

@Suite struct ServerFrameTests {
    @Test func `the events the server writes are read`() throws {
        let id = OperationID.random()
        let message = Message(
            MessageImage(
                id: MessageID(chat: ChatID(rawValue: 4), sequence: SequenceNumber(rawValue: 2)),
                revision: Offset(rawValue: 3),
                createdOffset: Offset(rawValue: 3),
                sender: UserID(rawValue: 7),
                type: .text,
                content: "hé\n",
                createdAt: Timestamp(milliseconds: 0),
                replyTo: SequenceNumber(rawValue: 1),
                clientMessageID: id,
                operation: id
            )
        )
        let bytes = EventEncoder.message(message, kind: .messageCreated, offset: Offset(rawValue: 3))
        let arrived = ArrivedMessage(
            chat: ChatID(rawValue: 4),
            sequence: SequenceNumber(rawValue: 2),
            sender: UserID(rawValue: 7),
            type: "text",
            content: "hé\n",
            replyTo: SequenceNumber(rawValue: 1),
            clientID: id
        )
        let expected = ServerFrame.event(chat: ChatID(rawValue: 4), offset: Offset(rawValue: 3), message: arrived)
        #expect(try ServerFrame(parsing: bytes) == expected)
        #expect(ServerFrame.isPlainlyMessage(bytes))
    }

    @Test func `replies are read`() throws {
        let ack =
            #"{"type":"ack","id":"a","message_id":"4-2","chat_id":4,"seq":2,"offset":3,"created_at":"","duplicate":true}"#
        #expect(
            try ServerFrame(parsing: Array(ack.utf8))
                == .ack(
                    id: "a",
                    chat: ChatID(rawValue: 4),
                    sequence: SequenceNumber(rawValue: 2),
                    offset: Offset(rawValue: 3),
                    isDuplicate: true
                )
        )
        let change = #"{"type":"ack","id":"e","message_id":"4-2","chat_id":4,"offset":4}"#
        #expect(try ServerFrame(parsing: Array(change.utf8)) == .other)
        let ready = #"{"type":"ready","user_id":7,"epoch":"","chats":[{"chat_id":4,"last_seq":1,"last_offset":2}]}"#
        #expect(
            try ServerFrame(parsing: Array(ready.utf8)) == .ready(heads: [ChatID(rawValue: 4): Offset(rawValue: 2)])
        )
        #expect(try ServerFrame(parsing: Array(#"{"type":"heartbeat","heads":{}}"#.utf8)) == .other)
    }

    @Test(arguments: ["", "[]", "{}", #"{"type":"ack","seq":1}"#, #"{"type":"message.new","chat_id":1,"offset":1}"#])
    func `what is not in the contract is refused`(text: String) {
        #expect(throws: LoadError.self) { try ServerFrame(parsing: Array(text.utf8)) }
    }
}
