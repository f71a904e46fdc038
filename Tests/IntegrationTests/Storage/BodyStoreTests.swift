import Domain
import IOCore
import Messaging
import Mongo
import Storage
import Support
import Testing

@Suite(.realTime) struct BodyStoreTests {
    @Test func `a document comes back as it was written`() async throws {
        try await StorageFixture.run { _, stores in
            var image = self.image(seq: 1, rev: 2, "hällo")
            image.replyTo = SequenceNumber(rawValue: 1)
            image.threadRoot = SequenceNumber(rawValue: 1)
            image.mentions = [.user(UserID(rawValue: 7)), .here, .all]
            image.attachments = [
                Attachment(
                    mediaID: "m1",
                    kind: "video",
                    name: "a.webm",
                    contentType: "video/webm",
                    sizeBytes: 1 << 40,
                    width: 640,
                    height: 480,
                    durationMilliseconds: 1500
                ),
                Attachment(mediaID: "m2", kind: "file", name: "b", contentType: "text/plain", sizeBytes: 0),
            ]
            image.clientMessageID = image.operation
            image.editedAt = Timestamp(milliseconds: 2)
            try await stores.bodies.apply([.message(image)])
            let found = try await stores.bodies.messages(of: image.id.chat, in: .first(10))
            #expect(found == [image])
        }
    }

    @Test func `a late replay of an older revision changes nothing`() async throws {
        try await StorageFixture.run { _, stores in
            let old = image(seq: 1, rev: 2, "old")
            let new = image(seq: 1, rev: 5, "new")
            try await stores.bodies.apply([.message(old)])
            try await stores.bodies.apply([.message(new)])
            try await stores.bodies.apply([.message(old)])
            let found = try await stores.bodies.messages(of: old.id.chat, in: .first(1))
            #expect(found == [new])
            try await stores.bodies.apply([.message(new)])
            let again = try await stores.bodies.messages(of: old.id.chat, in: .first(1))
            #expect(again == [new])
        }
    }

    @Test func `of two images of one message in a batch the newer stands, in either order`() async throws {
        try await StorageFixture.run { _, stores in
            let (old, new) = (image(seq: 1, rev: 2, "old"), image(seq: 1, rev: 3, "new"))
            try await stores.bodies.apply([.message(new), .message(old)])
            let (first, second) = (image(seq: 2, rev: 4, "old"), image(seq: 2, rev: 5, "new"))
            try await stores.bodies.apply([.message(first), .message(second)])
            let found = try await stores.bodies.messages(of: old.id.chat, in: .first(2))
            #expect(found == [new, second])
        }
    }

    @Test func `the body of a foreign operation raises the alarm and stays`() async throws {
        try await StorageFixture.run { _, stores in
            let standing = image(seq: 1, rev: 2, "standing")
            let foreign = image(seq: 1, rev: 2, "foreign")
            try await stores.bodies.apply([.message(standing)])
            let error = await storeError { try await stores.bodies.apply([.message(foreign)]) }
            #expect(error?.outcome == .permanent)
            let found = try await stores.bodies.messages(of: standing.id.chat, in: .first(1))
            #expect(found == [standing])
        }
    }

    @Test func `a refused document is permanent and the rest of its batch is written`() async throws {
        try await StorageFixture.run { _, stores in
            let good = image(seq: 1, rev: 2, "good")
            let bad = image(seq: 2, rev: 3, String(repeating: "x", count: 10_001))
            let error = await storeError { try await stores.bodies.apply([.message(bad), .message(good)]) }
            #expect(error?.outcome == .permanent)
            #expect(error?.message.contains("xxx") == false)
            let found = try await stores.bodies.messages(of: good.id.chat, in: .first(2))
            #expect(found == [good])
        }
    }

    @Test func `a range holds only its chat and its numbers`() async throws {
        try await StorageFixture.run { _, stores in
            let images = (1...5).map { image(seq: $0, rev: $0 + 1, "\($0)") }
            try await stores.bodies.apply(images.map(PostImage.message) + [.message(image(9, seq: 2, rev: 3, "other"))])
            let found = try await stores.bodies.messages(
                of: images[0].id.chat,
                in: SequenceNumber(rawValue: 2)...SequenceNumber(rawValue: 4)
            )
            #expect(found == Array(images[1...3]))
        }
    }

    private func image(_ chat: Int64 = 8, seq: Int64, rev: Int64, _ content: String) -> MessageImage {
        MessageImage(
            id: MessageID(chat: ChatID(rawValue: chat), sequence: SequenceNumber(rawValue: seq)),
            revision: Offset(rawValue: rev),
            createdOffset: Offset(rawValue: seq + 1),
            sender: UserID(rawValue: 3),
            type: .text,
            content: content,
            createdAt: Timestamp(milliseconds: 1_700_000_000_123),
            clientMessageID: nil,
            operation: .random()
        )
    }
}

/// The error `body` throws; records an issue if it throws none of the stores'.
func storeError(_ body: () async throws -> Void) async -> StoreError? {
    do {
        try await body()
    } catch {
        if let error = error as? StoreError { return error }
    }
    Issue.record("no store error was thrown")
    return nil
}
