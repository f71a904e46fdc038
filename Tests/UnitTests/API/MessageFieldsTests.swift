import Domain
import JSON
import Messaging
import Support
import Testing
import Web

/// Attachments and mentions, as clients may send them.
@Suite struct MessageFieldsTests {
    /// What a text field of an attachment is called and what is wrong with its value.
    static let attachment =
        #"{"media_id":"m-1","kind":"image","name":"a b.png","content_type":"image/png","size_bytes":0}"#

    @Test func `all types of messages are sent, with attachments and mentions as they were given`() async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let chat = await api.group(ada, bob)
            let full = #"""
                {"media_id":"m","kind":"video","name":"ü","content_type":"video/mp4; codecs=\"avc1\"",
                "size_bytes":9007199254740991,"width":1920,"height":1080,"duration_ms":5}
                """#
            for type in ["text", "image", "file", "audio", "video"] {
                let fields = #"""
                    {"content":"x","type":"\#(type)","attachments":[\#(Self.attachment),\#(full)],
                    "mentions":[{"kind":"user","user_id":\#(bob.id)},{"kind":"all"},{"kind":"user","user_id":\#(bob.id)},
                    {"kind":"here"},{"kind":"user","user_id":4711}]}
                    """#
                let sent = await api.call(.post, "/chats/\(chat)/messages", as: ada.token, json: fields)
                #expect(sent.status == 201 && sent.string("type") == type)
                let attachments = try JSONValue(parsing: Array("[\(Self.attachment),\(full)]".utf8))
                let read = await api.call(.get, "/messages/\(sent.string("message_id") ?? "")", as: bob.token)
                for answer in [sent, read] {
                    #expect(Self.text(answer["attachments"]) == Self.text(attachments))
                    let mentions = #"[{"kind":"user","user_id":\#(bob.id)},{"kind":"all"},{"kind":"here"},"#
                    #expect(answer.text.contains(#""mentions":"# + mentions + #"{"kind":"user","user_id":4711}]"#))
                }
            }
        }
    }

    private static func text(_ value: JSONValue?) -> String { value.map { "\($0)" } ?? "" }

    @Test(arguments: [
        (#""media_id":"m-1""#, #""media_id":"""#, "empty"), (#""media_id":"m-1","#, "", "invalid_value"),
        (#""media_id":"m-1""#, #""media_id":"a\u000ab""#, "invalid_content"),
        (#""media_id":"m-1""#, #""media_id":7"#, "invalid_value"),
        (#""kind":"image""#, #""kind":"sticker""#, "invalid_value"), (#""kind":"image","#, "", "invalid_value"),
        (#""name":"a b.png""#, #""name":"""#, "empty"),
        (#""name":"a b.png""#, #""name":"a\u007f""#, "invalid_content"),
        (#""name":"a b.png""#, #""name":"\#(String(repeating: "n", count: 256))""#, "too_long"),
        (#"image/png"#, "", "invalid_value"), (#"image/png"#, "image", "invalid_value"),
        (#"image/png"#, "image/", "invalid_value"), (#"image/png"#, "/png", "invalid_value"),
        (#"image/png"#, "image/p ng", "invalid_value"), (#"image/png"#, "a/b/c", "invalid_value"),
        (#"image/png"#, #"image/png;a=\u000d\u000ax"#, "invalid_value"), (#"image/png"#, "image/ü", "invalid_value"),
        (#","size_bytes":0"#, "", "invalid_value"), (#""size_bytes":0"#, #""size_bytes":null"#, "invalid_value"),
        (#""size_bytes":0"#, #""size_bytes":-1"#, "invalid_value"),
        (#""size_bytes":0"#, #""size_bytes":1.5"#, "invalid_value"),
        (#""size_bytes":0"#, #""size_bytes":9007199254740992"#, "invalid_value"),
        (#""size_bytes":0"#, #""size_bytes":0,"width":-1"#, "invalid_value"),
        (#""size_bytes":0"#, #""size_bytes":0,"height":2147483648"#, "invalid_value"),
        (#""size_bytes":0"#, #""size_bytes":0,"duration_ms":-1"#, "invalid_value"),
        (#""size_bytes":0"#, #""size_bytes":0,"url":"http://x""#, "unknown_field"),
    ])
    func `an attachment that will not do is refused`(part: String, replacement: String, code: String) async throws {
        let attachment = String(Self.attachment.replacing(part, with: replacement, maxReplacements: 1))
        try #require(attachment != Self.attachment)
        try expectRefusal(#""attachments":[\#(attachment)]"#, code)
    }

    @Test(arguments: [
        (#""attachments":{}"#, "invalid_value"), (#""attachments":[1]"#, "invalid_value"),
        (#""mentions":"all""#, "invalid_value"), (#""mentions":["all"]"#, "invalid_value"),
        (#""mentions":[{"kind":"user"}]"#, "invalid_value"),
        (#""mentions":[{"kind":"user","user_id":0}]"#, "invalid_value"),
        (#""mentions":[{"kind":"user","user_id":9007199254740992}]"#, "invalid_value"),
        (#""mentions":[{"kind":"user","user_id":"7"}]"#, "invalid_value"),
        (#""mentions":[{"kind":"here","user_id":7}]"#, "invalid_value"),
        (#""mentions":[{"kind":"channel"}]"#, "invalid_value"), (#""mentions":[{}]"#, "invalid_value"),
        (#""mentions":[{"kind":"all","x":1}]"#, "unknown_field"),
    ])
    func `lists of another shape are refused`(fields: String, code: String) throws {
        try expectRefusal(fields, code)
    }

    @Test func `a message has at most ten attachments and a hundred mentions`() throws {
        func list(_ item: String, _ count: Int) -> String {
            "[\(Array(repeating: item, count: count).joined(separator: ","))]"
        }
        for (item, name, limit) in [(Self.attachment, "attachments", 10), (#"{"kind":"all"}"#, "mentions", 100)] {
            #expect(throws: Never.self) { try Self.parse(#""\#(name)":\#(list(item, limit))"#) }
            try expectRefusal(#""\#(name)":\#(list(item, limit + 1))"#, "limit_exceeded")
        }
    }

    private func expectRefusal(_ fields: String, _ code: String) throws {
        do {
            try Self.parse(fields)
            Issue.record("taken: \(fields)")
        } catch let error as JSONError {
            #expect(Failure(error).code.rawValue == code, "\(fields)")
        } catch let failure as Failure {
            #expect(failure.code.rawValue == code, "\(fields)")
        }
    }

    /// What REST and socket both do with the fields of a message.
    private static func parse(_ fields: String) throws {
        var reader = try JSONObjectReader(parsing: Array(#"{"content":"x",\#(fields)}"#.utf8))
        _ = try ClientFields.message(&reader, chat: ChatID(rawValue: 1))
        try reader.finish()
    }
}
