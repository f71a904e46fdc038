import Domain
import Messaging
import Testing

@Suite struct OperationCodecTests {
    private static let chat = ChatID(rawValue: 42)
    private static let bodies: [Operation.Body] = [
        .createMessage(MessageDraft(content: "plain")),
        .createMessage(
            MessageDraft(
                type: .image,
                content: "quotes \" and \\ and\ttabs and 👩‍👩‍👧‍👦 and \u{1}",
                replyTo: SequenceNumber(rawValue: 7),
                threadRoot: SequenceNumber(rawValue: 3),
                attachments: [
                    Attachment(
                        mediaID: "m1",
                        kind: "image",
                        name: "a.png",
                        contentType: "image/png",
                        sizeBytes: 12,
                        width: 3,
                        height: 4
                    )
                ],
                mentions: [.user(UserID(rawValue: 9)), .here, .all],
                clientMessageID: .random()
            )
        ),
        .createChat(ChatDraft(type: .group, name: "n", description: nil, participants: [UserID(rawValue: 2)])),
        .createChat(ChatDraft(type: .direct, participants: [UserID(rawValue: 2)])),
        .removeParticipant(UserID(rawValue: 5)),
        .addParticipant(ParticipantAddition(user: UserID(rawValue: 5), role: .admin, memberLimit: 100)),
        .addParticipant(ParticipantAddition(user: UserID(rawValue: 5), role: .admin, memberLimit: 100, list: "x")),
        .addParticipant(
            ParticipantAddition(user: UserID(rawValue: 5), role: .member, memberLimit: 9, entrance: .invite("\"x\""))
        ),
        .addParticipant(ParticipantAddition(user: UserID(rawValue: 5), role: .member, memberLimit: 9, entrance: .open)),
        .changeRole(UserID(rawValue: 5), to: .member),
        .changeChat(ChatChange(name: .set("n"), description: .clear, visibility: .public)),
        .changeChat(ChatChange(avatarURL: .set("https://example.org/a.png"))),
        .editMessage(MessageEdit(content: "better", mentions: [.all]), of: old),
        .editMessage(MessageEdit(content: "better", mentions: []), of: old),
        .editMessage(MessageEdit(content: "better"), of: old),
        .deleteMessage(old),
        .restoreMessage(old),
        .react(SequenceNumber(rawValue: 7), emoji: "👩‍👩‍👧‍👦", isOn: true),
        .react(SequenceNumber(rawValue: 7), emoji: "❤️", isOn: false),
        .pin(SequenceNumber(rawValue: 7), isOn: true),
        .pin(SequenceNumber(rawValue: 7), isOn: false),
    ]

    private static let old = MessageImage(
        id: MessageID(chat: chat, sequence: SequenceNumber(rawValue: 7)),
        revision: Offset(rawValue: 12),
        createdOffset: Offset(rawValue: 9),
        sender: UserID(rawValue: 2),
        type: .image,
        content: "as \"it\" was\n",
        createdAt: Timestamp(milliseconds: 1_700_000_000_123),
        editedAt: Timestamp(milliseconds: 1_700_000_001_000),
        isDeleted: true,
        replyTo: SequenceNumber(rawValue: 3),
        threadRoot: SequenceNumber(rawValue: 1),
        attachments: [
            Attachment(
                mediaID: "m",
                kind: "image",
                name: "a",
                contentType: "image/png",
                sizeBytes: 1,
                durationMilliseconds: 7
            )
        ],
        mentions: [.user(UserID(rawValue: 9)), .here],
        clientMessageID: .random(),
        operation: .random()
    )

    @Test(arguments: bodies)
    func `a body comes back from its payload`(body: Operation.Body) throws {
        let operation = OperationCodec.operation(
            chat: Self.chat,
            actor: UserID(rawValue: 1),
            id: .random(),
            body: body
        )
        #expect(try OperationCodec.body(of: operation.kind, payload: operation.payload, chat: operation.chat) == body)
    }

    @Test func `the digest covers the client's fields but not the client's id`() {
        func hash(_ draft: MessageDraft) -> [UInt8] {
            OperationCodec.operation(
                chat: Self.chat,
                actor: UserID(rawValue: 1),
                id: .random(),
                body: .createMessage(draft)
            ).hash
        }
        let plain = hash(MessageDraft(content: "a"))
        #expect(plain == hash(MessageDraft(content: "a", clientMessageID: .random())))
        #expect(plain != hash(MessageDraft(content: "b")))
        #expect(plain != hash(MessageDraft(content: "a", replyTo: SequenceNumber(rawValue: 1))))
        #expect(plain != hash(MessageDraft(type: .file, content: "a")))
        #expect(plain.count == 32)
    }

    @Test func `the old document and the server's limits are no part of the digest`() {
        var newer = Self.old
        newer.revision = Offset(rawValue: 13)
        newer.content = "otherwise"
        let edit = MessageEdit(content: "better")
        #expect(
            OperationCodec.hash(of: .editMessage(edit, of: Self.old))
                == OperationCodec.hash(of: .editMessage(edit, of: newer))
        )
        func addition(_ limit: Int) -> Operation.Body {
            .addParticipant(ParticipantAddition(user: UserID(rawValue: 5), role: .member, memberLimit: limit))
        }
        #expect(OperationCodec.hash(of: addition(10)) == OperationCodec.hash(of: addition(20)))
        let hashes = Set(Self.bodies.map(OperationCodec.hash(of:)))
        #expect(hashes.count == Self.bodies.count, "different bodies have different digests")
    }

    @Test(arguments: ["", "{}", "[]", "{\"message\":\"odd\",\"content\":\"x\"}", "{\"message\":\"text\"}"])
    func `a payload that is none is a typed error`(text: String) {
        #expect(throws: OperationCodec.Unreadable.self) {
            try OperationCodec.body(of: .messageCreated, payload: Array(text.utf8), chat: ChatID(rawValue: 1))
        }
    }

    @Test func `an announcement survives its way between nodes`() {
        let node = NodeID.random()
        let announcement = Announcement(
            chat: Self.chat,
            offset: Offset(rawValue: 1 << 40),
            kind: .chatCreated,
            added: [UserID(rawValue: 1), UserID(rawValue: 1 << 50)],
            removed: [UserID(rawValue: 3)],
            payload: Array("{\"type\":\"x\"}".utf8)
        )
        let bytes = AnnouncementCodec.encode(announcement, from: node)
        let decoded = AnnouncementCodec.decode(bytes)
        #expect(decoded?.announcement == announcement)
        #expect(decoded?.node == node)
        for length in 0..<(bytes.count - announcement.payload.count) {
            #expect(AnnouncementCodec.decode(Array(bytes.prefix(length))) == nil)
        }
    }

    @Test(arguments: [
        EphemeralEvent(to: .chat(chat), excluding: UserID(rawValue: 1 << 50), payload: Array("{}".utf8)),
        EphemeralEvent(to: .users([UserID(rawValue: 7), UserID(rawValue: 1 << 50)]), payload: Array("{}".utf8)),
        EphemeralEvent(to: .chats([chat, ChatID(rawValue: 8)], of: UserID(rawValue: 9)), payload: Array("{}".utf8)),
        EphemeralEvent(to: .user(UserID(rawValue: 9), in: chat), payload: Array("{}".utf8)),
        EphemeralEvent(
            to: .sockets(of: UserID(rawValue: 9), inAny: [chat, ChatID(rawValue: 8)]),
            payload: Array("{}".utf8)
        ),
        EphemeralEvent(
            to: .chat(chat),
            excluding: UserID(rawValue: 3),
            hiddenFrom: [UserID(rawValue: 7), UserID(rawValue: 1 << 50)],
            payload: Array("{}".utf8)
        ),
        EphemeralEvent(
            to: .chats([chat], of: UserID(rawValue: 9)),
            mark: PresenceMark(user: UserID(rawValue: 9), toldAt: Timestamp(milliseconds: 1 << 41)),
            payload: Array("{}".utf8)
        ),
    ])
    func `an ephemeral event survives its way between nodes, and is no announcement`(event: EphemeralEvent) {
        let node = NodeID.random()
        let bytes = EphemeralCodec.encode(event, from: node)
        let decoded = EphemeralCodec.decode(bytes)
        #expect(decoded?.event == event)
        #expect(decoded?.node == node)
        #expect(AnnouncementCodec.decode(bytes) == nil)
        for length in 0..<(bytes.count - event.payload.count) {
            #expect(EphemeralCodec.decode(Array(bytes.prefix(length))) == nil)
        }
    }
}
