import Domain
import Hashing
import JSON
import Testing

@testable import Messaging

@Suite struct CacheEntryTests {
    private let key = CacheKey(.messages, of: 12, part: [0, 50])
    private let stamp = CacheStamp(epoch: "e", version: 1001, 951)
    private let body = Array(#"[{"seq":951}]"#.utf8)

    @Test func `a value is what was made of its key at its stamp`() {
        let value = CacheEntry.encode(body, under: key, at: stamp)
        #expect(CacheEntry.body(of: value, under: key, at: stamp) == body)
        let empty = CacheEntry.encode([], under: key, at: stamp)
        #expect(CacheEntry.body(of: empty, under: key, at: stamp) == [])
    }

    @Test func `a value of anything else is none`() {
        let value = CacheEntry.encode(body, under: key, at: stamp)
        let others: [(CacheKey, CacheStamp)] = [
            (key, CacheStamp(epoch: "e", version: 1002, 951)), (key, CacheStamp(epoch: "f", version: 1001, 951)),
            (key, CacheStamp(epoch: "e", version: 1001, 952)), (key, CacheStamp(epoch: "e", version: 1001)),
            (key, CacheStamp(epoch: "e", version: 100, 1951)),
            (CacheKey(.chats, of: 12, part: [0, 50]), stamp), (CacheKey(.messages, of: 1, part: [20, 50]), stamp),
            (CacheKey(.messages, of: 12, part: [0, 5]), stamp),
        ]
        for (key, stamp) in others { #expect(CacheEntry.body(of: value, under: key, at: stamp) == nil) }
    }

    @Test func `a value of another format is none`() {
        func value(format: Int) -> [UInt8] {
            let value = Array("duologue \(format) messages e 12 0 50 1001 951\n".utf8) + body
            return value + SHA256.hash(value).prefix(8)
        }
        #expect(CacheEntry.body(of: value(format: CacheEntry.format), under: key, at: stamp) == body)
        for other in [0, CacheEntry.format + 1, 10 + CacheEntry.format] {
            #expect(CacheEntry.body(of: value(format: other), under: key, at: stamp) == nil)
        }
    }

    @Test func `whatever happens to a byte, the value is none`() {
        let value = CacheEntry.encode(body, under: key, at: stamp)
        for index in value.indices {
            var spoilt = value
            spoilt[index] ^= 1
            #expect(CacheEntry.body(of: spoilt, under: key, at: stamp) == nil)
            #expect(CacheEntry.body(of: Array(value[..<index]), under: key, at: stamp) == nil)
        }
        #expect(CacheEntry.body(of: value + [0], under: key, at: stamp) == nil)
    }

    /// Where this fails, what clients are told has another shape: `format` is to be raised, and these are to be brought up to date.
    @Test func `this format is of these shapes`() {
        let chat = ChatID(rawValue: 7)
        let time = Timestamp(milliseconds: 1_767_225_600_000)
        let file = Attachment(
            mediaID: "m",
            kind: "image",
            name: "a.png",
            contentType: "image/png",
            sizeBytes: 5,
            width: 1,
            height: 2,
            durationMilliseconds: 3
        )
        let message = Message(
            id: MessageID(chat: chat, sequence: SequenceNumber(rawValue: 4)),
            offset: Offset(rawValue: 5),
            revision: Offset(rawValue: 6),
            sender: UserID(rawValue: 8),
            type: .text,
            content: "hi",
            createdAt: time,
            editedAt: time,
            replyTo: SequenceNumber(rawValue: 1),
            threadRoot: SequenceNumber(rawValue: 2),
            replyCount: 3,
            lastReply: SequenceNumber(rawValue: 9),
            reactions: [ReactionSummary(emoji: "+", count: 1, users: [UserID(rawValue: 8)])],
            attachments: [file],
            mentions: [.user(UserID(rawValue: 8)), .here, .all]
        )
        let member = Participant(user: UserID(rawValue: 8), username: "ada", role: .owner, joinedAt: time)
        var writer = JSONWriter()
        writer.beginArray()
        writer.message(message)
        writer.participant(member)
        writer.endArray()
        let shapes = [
            #"[{"message_id":"7-4","chat_id":7,"seq":4,"offset":5,"rev":6,"sender_id":8,"type":"text","content":"hi","#,
            #""created_at":"2026-01-01T00:00:00.000Z","edited_at":"2026-01-01T00:00:00.000Z","deleted":false,"#,
            #""reply_to":"7-1","thread_root":"7-2","thread":{"reply_count":3,"last_reply_seq":9},"#,
            #""reactions":[{"emoji":"+","count":1,"user_ids":[8]}],"#,
            #""attachments":[{"media_id":"m","kind":"image","name":"a.png","content_type":"image/png","size_bytes":5,"#,
            #""width":1,"height":2,"duration_ms":3}],"#,
            #""mentions":[{"kind":"user","user_id":8},{"kind":"here"},{"kind":"all"}],"client_msg_id":null},"#,
            #"{"user_id":8,"username":"ada","role":"owner","joined_at":"2026-01-01T00:00:00.000Z"}]"#,
        ].joined()
        let encoded = String(decoding: writer.bytes, as: UTF8.self)
        #expect(encoded == shapes && CacheEntry.format == 1)
    }

    @Test func `items come back with their cursor and without`() throws {
        let member = Participant(
            user: UserID(rawValue: 1),
            username: "ada",
            role: .owner,
            joinedAt: Timestamp(milliseconds: 0)
        )
        for next in ["1.2", nil] {
            let items = EncodedItems(Page(items: [member], next: next))
            let back = try #require(EncodedItems(body: items.body))
            #expect(back.next == next && back.json == items.json)
        }
        #expect(EncodedItems(body: []) == nil)
    }
}
