import JSON
import Support
import Testing

/// The client of the schedules complains of what breaks the contract, and only of that.
struct ClientReplicaTests {
    private static let epoch = #"{"type":"hello","epoch":"e"}"#

    private static func object(_ text: String) throws -> JSONObject {
        guard case .object(let object) = try JSONValue(parsing: Array(text.utf8)) else { return JSONObject([]) }
        return object
    }

    private static func message(_ sequence: Int64, _ offset: Int64, content: String = "text") -> String {
        #"{"message_id":"7-\#(sequence)","chat_id":7,"seq":\#(sequence),"offset":\#(offset),"rev":\#(offset),"#
            + #""content":"\#(content)","deleted":false,"reactions":[],"thread":{"reply_count":0,"last_reply_seq":null}}"#
    }

    private static func new(_ sequence: Int64, _ offset: Int64) -> String {
        #"{"type":"message.new","chat_id":7,"offset":\#(offset),"message":\#(message(sequence, offset))}"#
    }

    private static func state(_ messages: [String] = [], pins: [String] = []) throws -> ReplicaState {
        ReplicaState(
            chat: try object(#"{"chat_id":7,"name":"Group"}"#),
            participants: [try object(#"{"user_id":2,"role":"member"}"#)],
            pins: try pins.map(object),
            messages: try messages.map(object)
        )
    }

    /// A client of user 2 that was given chat 7 at offset 3, with one message.
    private static func client() throws -> ClientReplica {
        var replica = ClientReplica(user: 2, name: "client", firstChat: 7)
        try replica.hear(epoch)
        #expect(replica.resume().isEmpty)
        try replica.hear(#"{"type":"ready","chats":[{"chat_id":7,"last_offset":3}]}"#)
        try replica.hear(#"{"type":"resumed","chats":[{"chat_id":7,"reset":true,"last_offset":3}]}"#)
        #expect(replica.wanted.map(\.chat) == [7])
        replica.fetched(7, wish: replica.wanted[0].wish, try state([message(1, 3)]))
        #expect(replica.violations.isEmpty && replica.isLive)
        return replica
    }

    @Test func `events in order change what it knows, and there is nothing to complain of`() throws {
        var replica = try Self.client()
        try replica.hear(Self.new(2, 4))
        try replica.hear(
            #"{"type":"reaction.added","chat_id":7,"offset":5,"message_id":"7-2","emoji":"+","user_id":2}"#
        )
        try replica.hear(#"{"type":"pin.added","chat_id":7,"offset":6,"message_id":"7-2"}"#)
        try replica.hear(#"{"type":"message.deleted","chat_id":7,"offset":7,"message_id":"7-1","seq":1}"#)
        #expect(replica.violations.isEmpty)
        #expect(replica.chats[7]?.cursor == 7)
        let reacted = Self.message(2, 4).replacing(
            #""reactions":[]"#,
            with: #""reactions":[{"emoji":"+","count":1,"user_ids":[2]}]"#
        )
        let deleted = Self.message(1, 3).replacing(
            #""rev":3,"content":"text","deleted":false"#,
            with: #""rev":7,"content":null,"deleted":true"#
        )
        let fresh = try Self.state([deleted, reacted], pins: [#"{"message_id":"7-2"}"#])
        #expect(replica.chats[7]?.state?.differences(from: fresh) == [])
    }

    @Test func `whatever differs from a fetch is named`() throws {
        let replica = try Self.client()
        let known = try #require(replica.chats[7]?.state)
        #expect(known.differences(from: try Self.state()).count == 1)
        #expect(known.differences(from: try Self.state([Self.message(1, 3), Self.message(2, 4)])).count == 1)
        #expect(known.differences(from: try Self.state([Self.message(1, 3, content: "other")])).count == 1)
        #expect(
            known.differences(from: try Self.state([Self.message(1, 3)], pins: [#"{"message_id":"7-1"}"#])).count == 1
        )
    }

    @Test func `a hole, a double and a stranger are told`() throws {
        var replica = try Self.client()
        try replica.hear(Self.new(2, 5))
        #expect(replica.violations.map(\.kind) == [.hole])
        try replica.hear(Self.new(2, 5))
        #expect(replica.violations.map(\.kind) == [.hole, .doubled])
        try replica.hear(#"{"type":"pin.added","chat_id":8,"offset":4,"message_id":"8-1"}"#)
        #expect(replica.violations.map(\.kind) == [.hole, .doubled, .stranger])
        try replica.hear(#"{"type":"participant.removed","chat_id":7,"offset":6,"user_id":2}"#)
        #expect(replica.violations.count == 3 && replica.chats[7] == nil)
        try replica.hear(Self.new(3, 7))
        #expect(replica.violations.count == 4)
    }

    @Test func `who is taken in again begins there, and fetches anew`() throws {
        var replica = try Self.client()
        try replica.hear(#"{"type":"participant.removed","chat_id":7,"offset":4,"user_id":2}"#)
        try replica.hear(
            #"{"type":"participant.added","chat_id":7,"offset":9,"participant":{"user_id":2,"role":"member"}}"#
        )
        #expect(replica.wanted.map(\.chat) == [7])
        try replica.hear(Self.new(2, 10))
        replica.fetched(7, wish: replica.wanted[0].wish, try Self.state([Self.message(1, 3)]))
        #expect(replica.violations.isEmpty)
        let fresh = try Self.state([Self.message(1, 3), Self.message(2, 10)])
        #expect(replica.chats[7]?.state?.differences(from: fresh) == [])
    }

    @Test func `a resumption gives exactly what lies between the cursor and the head`() throws {
        let ready = #"{"type":"ready","chats":[{"chat_id":7,"last_offset":5}]}"#
        func resumed(_ from: Int, _ to: Int) -> String {
            #"{"type":"resumed","chats":[{"chat_id":7,"from":\#(from),"to":\#(to)}]}"#
        }
        let fine = [ready, Self.new(2, 4), Self.new(3, 5), resumed(4, 5)]
        let faults = [
            [ready, Self.new(2, 4), resumed(4, 5)],
            [ready, Self.new(2, 4), Self.new(3, 5), Self.new(4, 6), resumed(4, 5)],
            [ready, resumed(4, 5), Self.new(2, 4), Self.new(3, 5)], [ready, Self.new(3, 5), resumed(5, 5)],
            [ready, Self.new(2, 4), Self.new(3, 5), #"{"type":"resumed","chats":[]}"#],
            [ready, Self.new(2, 4), Self.new(3, 5), #"{"type":"resumed","chats":[{"chat_id":7,"gone":true}]}"#],
            [ready, #"{"type":"resumed","chats":[{"chat_id":7,"reset":true,"last_offset":4}]}"#],
        ]
        for (number, frames) in ([fine] + faults).enumerated() {
            var replica = try Self.client()
            replica.closed()
            try replica.hear(Self.epoch)
            #expect(replica.resume() == [7: 3])
            for frame in frames { try replica.hear(frame) }
            #expect(replica.violations.isEmpty == (number == 0), "\(number): \(replica.violations)")
        }
    }

    @Test func `the checker knows what a client may have received, and what it must have`() throws {
        var chat = StoredChat(chat: 7)
        chat.founders = [1]
        chat.members = [1, 2]
        chat.lastOffset = 4
        chat.events = [
            .init(offset: 1, kind: 1, actor: 1, operation: "a"),
            .init(offset: 2, kind: 4, actor: 1, operation: "b", targetUser: 2),
            .init(offset: 3, kind: 2, actor: 1, operation: "c", sequence: 1),
            .init(offset: 4, kind: 2, actor: 1, operation: "d", sequence: 2),
        ]
        let fresh = [Int64(7): try Self.state([Self.message(1, 3), Self.message(2, 4)])]
        var replica = try Self.client()
        #expect(ReplicaChecker(chats: [chat]).violations(of: replica, fresh: fresh).map(\.kind) == [.hole, .stale])
        try replica.hear(Self.new(2, 4))
        #expect(ReplicaChecker(chats: [chat]).violations(of: replica, fresh: fresh).isEmpty)
        chat.members = [1]
        #expect(ReplicaChecker(chats: [chat]).violations(of: replica, fresh: fresh).map(\.kind) == [.stranger])
        chat.events.insert(.init(offset: 4, kind: 3, actor: 1, operation: "e", targetUser: 2), at: 3)
        chat.events[4].offset = 5
        let violations = ReplicaChecker(chats: [chat]).violations(of: replica, fresh: fresh)
        #expect(violations.map(\.kind) == [.orphan, .stranger])
    }
}

extension ClientReplica {
    fileprivate mutating func hear(_ text: String) throws {
        if case .object(let frame) = try JSONValue(parsing: Array(text.utf8)) { receive(frame) }
    }
}
