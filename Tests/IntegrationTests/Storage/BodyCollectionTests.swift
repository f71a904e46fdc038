import Domain
import IOCore
import JSON
import Messaging
import Mongo
import Support
import Testing
import Worker

@testable import Storage

/// What of MongoDB the ports do not show: threads, plans, validators, writers side by side.
@Suite(.realTime) struct BodyCollectionTests {
    @Test func `two people who react at once both count`() async throws {
        try await StorageFixture.run { fixture, stores in
            let (loop, bound) = (fixture.loop, fixture.stores)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for user in 1...24 as ClosedRange<Int64> {
                    group.addTask(executorPreference: loop) {
                        let image = reaction(by: user, revision: user)
                        try await loop.actor.run { _ in try await bound.value.bodies.apply([.reaction(image)]) }
                    }
                }
                try await group.waitForAll()
            }
            let groups = try await stores.bodies.reactions(
                of: chat,
                in: .first(1),
                upTo: Offset(rawValue: .max),
                excluding: []
            )
            #expect(groups.values.first?.map(\.count) == [24])
        }
    }

    @Test func `of a thread's summaries the newest stands, in whatever order they come`() async throws {
        try await StorageFixture.run { fixture, stores in
            let images = (1...5).map { count in
                let state = ThreadState(
                    root: SequenceNumber(rawValue: 1),
                    replyCount: count,
                    lastReply: SequenceNumber(rawValue: Int64(count + 1)),
                    lastReplyAt: Timestamp(milliseconds: Int64(count))
                )
                return ThreadImage(chat: chat, state: state, revision: Offset(rawValue: Int64(count + 10)))
            }
            try await stores.bodies.apply([images[2], images[1]].map(PostImage.thread))
            for image in [images[0], images[4], images[3]] { try await stores.bodies.apply([.thread(image)]) }
            let found = try await fixture.mongo.find("threads", BSONDocument())
            #expect(found.count == 1)
            let document = try #require(found.first)
            #expect(try document.int64("reply_count") == 5 && document.int64("rev") == 15)
            #expect(try document.int64("last_reply_seq") == 6 && document.datetime("last_reply_at") == 5)
        }
    }

    @Test func `a thread whose replies are all gone has no last one`() async throws {
        try await StorageFixture.run { fixture, stores in
            let root = SequenceNumber(rawValue: 1)
            let state = ThreadState(root: root, replyCount: 0, lastReply: nil, lastReplyAt: nil)
            let image = ThreadImage(chat: chat, state: state, revision: Offset(rawValue: 3))
            try await stores.bodies.apply([.thread(image)])
            let document = try #require(try await fixture.mongo.find("threads", BSONDocument()).first)
            #expect(document["last_reply_seq"] == .null && document["last_reply_at"] == .null)
        }
    }

    @Test func `a batch of all collections is written but for what is refused, which names its chat`() async throws {
        try await StorageFixture.run { _, stores in
            let other = ChatID(rawValue: 9)
            let tooLong = message(String(repeating: "x", count: 10_001), in: other)
            let images: [PostImage] = [
                .message(tooLong), .message(message("good", in: chat)), .reaction(reaction(by: 1, revision: 1)),
                .reaction(reaction(by: 1, revision: 1, in: other, emoji: String(repeating: "x", count: 65))),
                .reaction(reaction(by: 2, revision: 1, in: other)),
            ]
            let error = await storeError { try await stores.bodies.apply(images) }
            #expect(error?.outcome == .permanent && error?.chats == [other])
            let good = try await stores.bodies.messages(of: chat, in: .first(1))
            let reactions = try await stores.bodies.reactions(
                of: other,
                in: .first(1),
                upTo: Offset(rawValue: .max),
                excluding: []
            )
            #expect(good.map(\.content) == ["good"])
            #expect(reactions.values.first?.map(\.emoji) == ["👍"])
        }
    }

    @Test func `a document beyond MongoDB's size is refused alone`() async throws {
        try await StorageFixture.run { _, stores in
            let other = ChatID(rawValue: 9)
            let content = String(repeating: "x", count: 16 * 1024 * 1024)
            let revision = RevisionImage(
                message: MessageID(chat: other, sequence: SequenceNumber(rawValue: 1)),
                revision: Offset(rawValue: 2),
                content: content,
                editedBy: UserID(rawValue: 1),
                at: Timestamp(milliseconds: 1)
            )
            var small = revision
            (small.message, small.content) = (MessageID(chat: chat, sequence: SequenceNumber(rawValue: 1)), "small")
            let images = [PostImage.revision(revision), .revision(small)]
            let error = await storeError { try await stores.bodies.apply(images) }
            #expect(error?.outcome == .permanent && error?.chats == [other])
            let kept = try await stores.bodies.revisions(of: small.message)
            #expect(kept == [small])
        }
    }

    @Test func `what the API lets through at its limits, MongoDB takes`() async throws {
        try await StorageFixture.run { _, stores in
            func text(_ count: Int) -> String { String(repeating: "😀", count: count) }
            let type = "text/" + String(repeating: "x", count: 250)
            let fields = """
                {"content":"\(text(10_000))","client_msg_id":"6f1d9a53-54c2-4e0b-9d0e-1c517ab288f4","reply_to":"8-1",
                "thread_root":"8-1","mentions":[{"kind":"user","user_id":1},{"kind":"here"},{"kind":"all"}],
                "attachments":[{"media_id":"\(text(500))","kind":"image","name":"\(text(255))","content_type":"\(type)",
                "size_bytes":9007199254740991,"width":2147483647,"height":0,"duration_ms":9007199254740991}]}
                """
            var reader = try JSONObjectReader(parsing: Array(fields.utf8))
            let draft = try ClientFields.message(&reader, chat: chat)
            let operation = OperationCodec.operation(
                chat: chat,
                actor: UserID(rawValue: 1),
                id: .random(),
                body: .createMessage(draft)
            )
            let one = SequenceNumber(rawValue: 1)
            let allocation = Allocation(offset: Offset(rawValue: 1), sequence: one, at: Timestamp(milliseconds: 0))
            let committed = CommittedOperation(operation: operation, allocation: allocation)
            let images = PostImages.documents(of: committed)
            let emoji = reaction(by: 1, revision: 1, emoji: String(repeating: "x", count: 64))
            try await stores.bodies.apply(images + [.reaction(emoji)])
            let found = try await stores.bodies.messages(of: chat, in: .first(1))
            #expect(found.map(PostImage.message) == images)
        }
    }

    @Test(arguments: [
        #""kind":"""#, #""kind":"sticker""#, #""kind":"image","width":2147483648"#, #""kind":"image","height":-1"#,
        #""kind":"image","duration_ms":-1"#,
    ])
    func `an attachment that MongoDB would refuse is refused by the API`(fields: String) throws {
        let text = """
            {"content":"x","attachments":[{"media_id":"m","name":"n","content_type":"t/t","size_bytes":1,\(fields)}]}
            """
        var reader = try JSONObjectReader(parsing: Array(text.utf8))
        #expect(throws: Failure.self) { _ = try ClientFields.message(&reader, chat: chat) }
    }

    @Test(arguments: [("name", 255), ("content_type", 255), ("media_id", 500)])
    func `a long text of an attachment is refused by the API`(field: String, limit: Int) throws {
        let names = ["name", "content_type", "media_id"].map { name in
            "\"\(name)\":\"t/\(String(repeating: "x", count: name == field ? limit - 1 : 1))\""
        }
        let text = #"{"content":"x","attachments":[{"kind":"file","size_bytes":1,\#(names.joined(separator: ","))}]}"#
        var reader = try JSONObjectReader(parsing: Array(text.utf8))
        #expect(throws: Failure.self) { _ = try ClientFields.message(&reader, chat: chat) }
    }

    @Test func `a mention of nobody is refused by the API`() throws {
        let text = #"{"content":"x","mentions":[{"kind":"user","user_id":0}]}"#
        var reader = try JSONObjectReader(parsing: Array(text.utf8))
        #expect(throws: Failure.self) { _ = try ClientFields.message(&reader, chat: chat) }
    }

    @Test func `reactions of a page are counted from a range of the index`() async throws {
        try await StorageFixture.run { fixture, stores in
            let images = (1...200).map { reaction(by: 1, revision: 1, in: ChatID(rawValue: $0)) }
            try await stores.bodies.apply(images.map(PostImage.reaction))
            for numbers in [[1, 2, 3], [1, 5, 9]] as [[Int64]] {
                let pipeline = ReactionDocument.counting(
                    NumberRuns(chat, numbers.map(SequenceNumber.init(rawValue:))),
                    upTo: Offset(rawValue: 9),
                    excluding: [images[8].id]
                )
                let plan = try await fixture.mongo.command(
                    BSONDocument { writer in
                        writer.document("explain") { command in
                            command.string("aggregate", "reactions")
                            command.array("pipeline") { list in for stage in pipeline { list.append(.document(stage)) }
                            }
                            command.document("cursor") { _ in }
                        }
                        writer.string("verbosity", "executionStats")
                    }
                )
                let text = plan.extendedJSON
                #expect(text.contains("IXSCAN") && !text.contains("COLLSCAN"))
                #expect(text.contains(#""totalDocsExamined" : 1,"#))
            }
        }
    }

    @Test func `what was deleted a day ago is erased in both stores, and once`() async throws {
        try await StorageFixture.run { fixture, stores in
            let users = try await stores.users(1)
            let chat = try await stores.group(of: users[0])
            let sent = try await stores.send("secret", to: chat, from: users[0])
            try await stores.finish(sent)
            let id = MessageID(chat: chat, sequence: SequenceNumber(rawValue: 1))
            let reader = HistoryReader(history: stores.history, bodies: stores.bodies)
            let changes: [(MessageImage) -> Operation.Body] = [
                { .editMessage(MessageEdit(content: "edited"), of: $0) }, { .deleteMessage($0) },
            ]
            var last: RedoBatch?
            for change in changes {
                if let last { try await stores.finish(last) }
                let body = change(try await reader.image(of: id, for: users[0]))
                let operation = OperationCodec.operation(chat: chat, actor: users[0], id: .random(), body: body)
                let batch = BatchID.random()
                guard case .committed(let allocation) = try await stores.commit(operation, as: batch) else {
                    throw StorageFixture.SetUpFailure()
                }
                let committed = CommittedOperation(operation: operation, allocation: allocation)
                last = RedoBatch(id: batch, operations: [committed])
            }
            let deletion = try #require(last)
            let worker = PurgeWorker(
                loop: fixture.loop,
                log: stores.purges,
                bodies: stores.bodies,
                age: .zero,
                logger: fixture.logger
            )
            let never = ShutdownSignal()
            await fixture.loop.sleep(for: .milliseconds(5))
            await worker.pass(until: never)
            let covered = try await reader.image(of: id, for: users[0])
            #expect(covered.content == "edited", "the deletion is unfinished, so nothing is erased")
            try await stores.finish(deletion)
            await worker.pass(until: never)
            let erased = try await reader.image(of: id, for: users[0])
            #expect(erased.content == nil && erased.isDeleted)
            let revisions = try await stores.bodies.revisions(of: id)
            #expect(revisions.map(\.content) == [nil])
            let left = try await stores.purges.takePurges(olderThan: .zero, limit: 10)
            #expect(left.isEmpty)
            // A node that slept through it all writes what it still has in its hands.
            try await stores.bodies.apply((sent.operations + deletion.operations).flatMap(PostImages.documents(of:)))
            let after = try await reader.image(of: id, for: users[0])
            #expect(after.content == nil)
            let restoring = OperationCodec.operation(
                chat: chat,
                actor: users[0],
                id: .random(),
                body: .restoreMessage(after)
            )
            let answer = try await stores.commit(restoring)
            guard case .refused(let failure) = answer else {
                Issue.record("restored: \(answer)")
                return
            }
            #expect(failure.code == .conflict)
        }
    }
}

private let chat = ChatID(rawValue: 8)

private func reaction(
    by user: Int64,
    revision: Int64,
    in chat: ChatID = chat,
    emoji: String = "👍"
) -> ReactionImage {
    let message = MessageID(chat: chat, sequence: SequenceNumber(rawValue: 1))
    return ReactionImage(
        id: ReactionID(message: message, user: UserID(rawValue: user), emoji: emoji),
        isOn: true,
        revision: Offset(rawValue: revision),
        at: Timestamp(milliseconds: 1)
    )
}

private func message(_ content: String, in chat: ChatID) -> MessageImage {
    MessageImage(
        id: MessageID(chat: chat, sequence: SequenceNumber(rawValue: 1)),
        revision: Offset(rawValue: 2),
        createdOffset: Offset(rawValue: 2),
        sender: UserID(rawValue: 3),
        type: .text,
        content: content,
        createdAt: Timestamp(milliseconds: 1_700_000_000_123),
        clientMessageID: nil,
        operation: .random()
    )
}
