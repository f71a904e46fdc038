import Domain
import IOCore
import Testing
import Web

@testable import Gateway

@Suite struct ClientCommandTests {
    private func parse(_ text: String) throws -> (ClientCommand, CommandID?) {
        try ClientCommand.parse(Array(text.utf8))
    }

    private let message = MessageID(chat: ChatID(rawValue: 42), sequence: SequenceNumber(rawValue: 7))
    private let operation = OperationID(high: 0x0190_a1b2_0000_7000, low: 0x8000_0000_0000_0001)

    @Test func `changes of messages are read, with an id of their own where they have one`() throws {
        let uuid = operation.description
        let edit = try parse(#"{"type":"edit","id":"e","message_id":"42-7","content":"x","client_msg_id":"\#(uuid)"}"#)
        #expect(edit.0 == .edit(message, MessageEdit(content: "x"), as: operation))
        #expect(edit.1 == .text("e"))
        let mentions = try parse(#"{"type":"edit","message_id":"42-7","content":"x","mentions":[{"kind":"all"}]}"#)
        #expect(mentions.0 == .edit(message, MessageEdit(content: "x", mentions: [.all]), as: nil))
        #expect(try parse(#"{"type":"delete","message_id":"42-7"}"#).0 == .delete(message, as: nil))
        for (field, isOn) in [("", true), (#","remove":false"#, true), (#","remove":true"#, false)] {
            let react = try parse(#"{"type":"react","id":3,"message_id":"42-7","emoji":"👍"\#(field)}"#)
            #expect(react.0 == .react(message, emoji: "👍", isOn: isOn, as: nil))
            #expect(react.1 == .number(3))
        }
    }

    @Test func `typing and reading are read`() throws {
        let chat = ChatID(rawValue: 42)
        #expect(try parse(#"{"type":"typing","chat_id":42,"state":"start"}"#).0 == .typing(chat, isTyping: true))
        let stop = try parse(#"{"type":"typing","id":1,"chat_id":42,"state":"stop"}"#)
        #expect(stop.0 == .typing(chat, isTyping: false) && stop.1 == .number(1))
        for status in PresenceStatus.allCases where status != .offline {
            #expect(try parse(#"{"type":"presence","status":"\#(status.rawValue)"}"#).0 == .presence(status))
        }
        let read = try parse(#"{"type":"read","id":"r","chat_id":42,"seq":1007}"#)
        #expect(read.0 == .read(chat, SequenceNumber(rawValue: 1007)) && read.1 == .text("r"))
    }

    @Test(arguments: [
        (#"{"type":"typing","id":"c","chat_id":42}"#, "invalid_value"),
        (#"{"type":"typing","id":"c","chat_id":42,"state":"on"}"#, "invalid_value"),
        (#"{"type":"typing","id":"c","state":"start"}"#, "invalid_value"),
        (#"{"type":"typing","id":"c","chat_id":42,"state":"start","seq":1}"#, "unknown_field"),
        (#"{"type":"message","id":"c","chat_id":42,"content":"a\u0000b"}"#, "invalid_json"),
        (#"{"type":"presence","id":"c","status":"offline"}"#, "invalid_value"),
        (#"{"type":"presence","id":"c"}"#, "invalid_value"),
        (#"{"type":"read","id":"c","chat_id":42}"#, "invalid_value"),
        (#"{"type":"read","id":"c","chat_id":42,"seq":-1}"#, "invalid_value"),
        (#"{"type":"read","id":"c","chat_id":42,"seq":1.5}"#, "invalid_value"),
        (#"{"type":"edit","id":"c","content":"x"}"#, "invalid_value"),
        (#"{"type":"edit","id":"c","message_id":"42","content":"x"}"#, "invalid_value"),
        (#"{"type":"edit","id":"c","message_id":"42-0","content":"x"}"#, "invalid_value"),
        (#"{"type":"edit","id":"c","message_id":"042-7","content":"x"}"#, "invalid_value"),
        (#"{"type":"edit","id":"c","message_id":42,"content":"x"}"#, "invalid_value"),
        (#"{"type":"edit","id":"c","message_id":"42-7"}"#, "invalid_value"),
        (#"{"type":"edit","id":"c","message_id":"42-7","content":""}"#, "empty"),
        (#"{"type":"edit","id":"c","message_id":"42-7","content":"x","type":"edit"}"#, "invalid_json"),
        (#"{"type":"edit","id":"c","message_id":"42-7","content":"x","sender_id":1}"#, "unknown_field"),
        (#"{"type":"edit","id":"c","message_id":"42-7","content":"x","client_msg_id":"1"}"#, "invalid_value"),
        (#"{"type":"delete","id":"c"}"#, "invalid_value"),
        (#"{"type":"delete","id":"c","message_id":"42-7","content":"x"}"#, "unknown_field"),
        (#"{"type":"react","id":"c","message_id":"42-7"}"#, "invalid_value"),
        (#"{"type":"react","id":"c","message_id":"42-7","emoji":""}"#, "empty"),
        (#"{"type":"react","id":"c","message_id":"42-7","emoji":"ok"}"#, "invalid_content"),
        (#"{"type":"react","id":"c","message_id":"42-7","emoji":"👍","remove":1}"#, "invalid_value"),
    ])
    func `a change that will not do is refused under its id`(text: String, code: String) {
        let invalid = #expect(throws: ClientCommand.Invalid.self) { try parse(text) }
        #expect(invalid?.failure.code.rawValue == code)
        #expect(invalid?.id == .text("c") || code == "invalid_json")
    }

    @Test func `a change is acked with its message and, where there is one, its event`() {
        func text(_ offset: Offset?) -> String {
            String(
                decoding: ServerFrames.ack(.text("e1"), message, offset: offset).plain.bytes.dropFirst(2),
                as: UTF8.self
            )
        }
        #expect(text(Offset(rawValue: 9)) == #"{"type":"ack","id":"e1","message_id":"42-7","chat_id":42,"offset":9}"#)
        #expect(text(nil) == #"{"type":"ack","id":"e1","message_id":"42-7","chat_id":42}"#)
    }
}
