internal import Domain
internal import Messaging
internal import Testing

extension StoreScenario {
    static let bodyScenarios: [StoreScenario] = [
        StoreScenario("post-images replayed in any order come to the same documents") { ports in
            for seed in 1...4 as ClosedRange<UInt64> {
                let history = BodyHistory(try await ports.log.nextChatID(), seed: seed, count: 150)
                var random = SplitMix64(seed: seed &* 31)
                let images = history.operations.flatMap(PostImages.documents(of:))
                var deliveries = images + images.filter { _ in Bool.random(using: &random) }
                deliveries.shuffle(using: &random)
                while !deliveries.isEmpty {
                    let count = Int.random(in: 1...min(40, deliveries.count), using: &random)
                    try await ports.bodies.apply(Array(deliveries.suffix(count)))
                    deliveries.removeLast(count)
                }
                let all = SequenceNumber(rawValue: 1)...SequenceNumber(rawValue: Int64(history.messages.count))
                let messages = try await ports.bodies.messages(of: history.chat, in: all)
                #expect(messages == history.messages.values.sorted { $0.id.sequence < $1.id.sequence })
                let reactions = try await ports.reactions(of: history.chat, in: all)
                var revisions: [RevisionImage] = []
                for image in messages {
                    #expect(reactions[image.id.sequence] ?? [] == history.summaries(of: image.id.sequence))
                    revisions += try await ports.bodies.revisions(of: image.id)
                }
                #expect(Set(revisions.map(\.revision)) == Set(history.revisions.map(\.revision)))
                #expect(revisions.allSatisfy(history.revisions.contains))
            }
        },
        StoreScenario("a page shows the reactions of its head, whatever MongoDB has of the redo") { ports in
            for seed in 1...6 as ClosedRange<UInt64> {
                var random = SplitMix64(seed: seed &* 17)
                let history = BodyHistory(try await ports.log.nextChatID(), seed: seed, count: 120)
                let redo = history.operations.suffix(Int.random(in: 0...60, using: &random))
                // What is finished is there; of the rest, each operation or none of it, and in any order.
                let partly = redo.filter { _ in Bool.random(using: &random) }.shuffled(using: &random)
                for operation in history.operations.dropLast(redo.count) + partly {
                    try await ports.bodies.apply(PostImages.documents(of: operation))
                }
                let page = try await ports.reader(history, redo: Array(redo)).page(
                    of: history.chat,
                    for: UserID(rawValue: 1),
                    window: .newest,
                    limit: 100
                )
                #expect(page.messages.count == history.messages.count)
                for message in page.messages {
                    let image = try #require(history.messages[message.id.sequence])
                    let thread = history.threads[message.id.sequence]
                    #expect(message.revision == image.revision)
                    #expect(message.content == (image.isDeleted ? nil : image.content))
                    #expect(message.reactions == (image.isDeleted ? [] : history.summaries(of: message.id.sequence)))
                    #expect(message.replyCount == thread?.replyCount ?? 0 && message.lastReply == thread?.lastReply)
                }
            }
        },
        StoreScenario("a reaction newer than the page's head is left to its event") { ports in
            let chat = try await ports.log.nextChatID()
            let (one, two) = (chat.reaction(by: 1, revision: 2), chat.reaction(by: 2, revision: 5))
            try await ports.bodies.apply([.reaction(one), .reaction(two)])
            let (first, both) = (one.id.message.sequence, try await ports.reactions(of: chat))
            #expect(both[first] == [ReactionSummary(emoji: "👍", count: 2, users: [one.id.user, two.id.user])])
            let before = try await ports.reactions(of: chat, upTo: Offset(rawValue: 4))
            #expect(before[first] == [ReactionSummary(emoji: "👍", count: 1, users: [one.id.user])])
            let without = try await ports.reactions(of: chat, excluding: [one.id])
            #expect(without[first] == [ReactionSummary(emoji: "👍", count: 1, users: [two.id.user])])
        },
        StoreScenario("a reaction that was taken back is not brought back by its replay") { ports in
            let chat = try await ports.log.nextChatID()
            let on = chat.reaction(by: 1, revision: 2)
            var off = on
            (off.isOn, off.revision) = (false, Offset(rawValue: 3))
            for images in [[off], [on], [on, off], [off, on]] {
                try await ports.bodies.apply(images.map(PostImage.reaction))
                let standing = try await ports.reactions(of: chat)
                #expect(standing.isEmpty)
            }
        },
        StoreScenario("of many reactions all are counted and the first named") { ports in
            let chat = try await ports.log.nextChatID()
            let images = (1...25).map { chat.reaction(by: $0, revision: 100 - $0) }
            let others = (1...110).map { chat.reaction(by: 30, revision: 100 + $0, emoji: "e\($0)") }
            try await ports.bodies.apply((images + others).map(PostImage.reaction))
            let groups = try await ports.reactions(of: chat).values.first ?? []
            #expect(groups.first?.count == 25 && groups.count == ReactionGroup.emojiLimit)
            #expect(groups.first?.users == (6...25).reversed().map { UserID(rawValue: $0) })
            #expect(groups.last?.emoji == "e99")
        },
        StoreScenario("a purge erases for good what was deleted, and only that") { ports in
            var history = BodyHistory(try await ports.log.nextChatID(), seed: 0, count: 0)
            let (edited, deleted, other) = history.makeTombstone()
            let images = history.operations.flatMap(PostImages.documents(of:))
            try await ports.bodies.apply(images)
            let stale = PurgeTarget(message: other, revision: Offset(rawValue: 99))
            let moved = PurgeTarget(message: deleted.message, revision: edited)
            let missed = try await ports.bodies.purge([stale, moved])
            #expect(missed.isEmpty, "what is not erased is not done")
            let untouched = try await ports.bodies.messages(of: history.chat, in: .first(2))
            #expect(untouched.allSatisfy { $0.content != nil })
            let kept = try await ports.bodies.revisions(of: deleted.message)
            #expect(kept.map(\.content) == ["first"])
            // Twice, and then everything once more: nothing comes back.
            for _ in 1...2 {
                let erased = try await ports.bodies.purge([deleted, stale])
                #expect(erased == [deleted])
            }
            for image in images.reversed() { try await ports.bodies.apply([image]) }
            try await ports.bodies.apply(images)
            let messages = try await ports.bodies.messages(of: history.chat, in: .first(2))
            #expect(messages.map(\.content) == [nil, "other"])
            #expect(messages[0].isDeleted && messages[0].revision == deleted.revision)
            #expect(messages[0].mentions.isEmpty && messages[0].attachments.isEmpty)
            let revisions = try await ports.bodies.revisions(of: deleted.message)
            #expect(revisions.map(\.content) == [nil])
        },
        StoreScenario("a foreign operation's body names its chat, and the other chats are written") { ports in
            let (chat, other) = (try await ports.log.nextChatID(), try await ports.log.nextChatID())
            let (mine, foreign) = (chat.message("mine"), chat.message("foreign"))
            try await ports.bodies.apply([.message(mine)])
            let images: [PostImage] = [.message(foreign), .message(other.message("good"))]
            do {
                try await ports.bodies.apply(images)
                Issue.record("nothing was thrown")
            } catch let error as StoreError {
                #expect(error.outcome == .permanent && error.chats == [chat])
            }
            let standing = try await ports.bodies.messages(of: chat, in: .first(1))
            let good = try await ports.bodies.messages(of: other, in: .first(1))
            #expect(standing == [mine] && good.map(\.content) == ["good"])
        },
        StoreScenario("a message is read for its next change as the redo leaves it") { ports in
            var history = BodyHistory(try await ports.log.nextChatID(), seed: 0, count: 0)
            let (_, deleted, other) = history.makeTombstone()
            // MongoDB has the first version alone.
            try await ports.bodies.apply(PostImages.documents(of: history.operations[0]))
            try await ports.bodies.apply(PostImages.documents(of: history.operations[1]))
            let reader = ports.reader(history, redo: Array(history.operations.dropFirst(2)))
            let user = UserID(rawValue: 1)
            let image = try await reader.image(of: deleted.message, for: user)
            #expect(image.content == "second" && image.isDeleted && image.revision == deleted.revision)
            let shown = try await reader.message(deleted.message, for: user)
            #expect(shown.content == nil && shown.isDeleted)
            let live = try await reader.message(other, for: user)
            #expect(live.content == "other")
            let beyond = MessageID(chat: history.chat, sequence: SequenceNumber(rawValue: 3))
            let missing = [
                await failure { _ = try await reader.image(of: beyond, for: user) },
                await failure { _ = try await reader.message(beyond, for: user) },
                await failure {
                    _ = try await reader.revisions(of: deleted.message, for: user, after: .zero, limit: 1)
                },
            ]
            #expect(missing == [.messageNotFound, .messageNotFound, .messageNotFound])
            history.restore()
            let restored = ports.reader(history, redo: Array(history.operations.dropFirst(2)))
            let page = try await restored.revisions(of: deleted.message, for: user, after: .zero, limit: 1)
            #expect(page.revisions.map(\.content) == ["first"], "of an edit that MongoDB has not seen yet")
            #expect(!page.hasMore)
        },
    ]
}

extension StorePorts {
    /// The reactions on the first messages of a chat as clients see them.
    fileprivate func reactions(
        of chat: ChatID,
        in range: ClosedRange<SequenceNumber> = .first(9),
        upTo offset: Offset = Offset(rawValue: .max),
        excluding: [ReactionID] = []
    ) async throws -> [SequenceNumber: [ReactionSummary]] {
        let groups = try await bodies.reactions(of: chat, in: range, upTo: offset, excluding: excluding)
        return groups.mapValues { groups in
            groups.map { ReactionSummary(emoji: $0.emoji, count: $0.count, users: $0.users.map(\.user)) }
        }
    }

    /// A reader to which Postgres tells this history, with these operations unfinished.
    fileprivate func reader(_ history: BodyHistory, redo: [CommittedOperation]) -> HistoryReader {
        let rows = history.metadata
        let snapshot = HistorySnapshot(
            lastOffset: history.lastOffset,
            lastSequence: rows.last?.sequence ?? SequenceNumber(rawValue: 0),
            readSequence: SequenceNumber(rawValue: 0),
            rows: rows,
            redo: redo
        )
        return HistoryReader(history: ScriptedHistory(snapshot), bodies: bodies)
    }
}

extension ClosedRange<SequenceNumber> {
    fileprivate static func first(_ count: Int64) -> Self {
        SequenceNumber(rawValue: 1)...SequenceNumber(rawValue: count)
    }
}

extension ChatID {
    fileprivate func reaction(by user: Int, revision: Int, emoji: String = "👍") -> ReactionImage {
        let message = MessageID(chat: self, sequence: SequenceNumber(rawValue: 1))
        return ReactionImage(
            id: ReactionID(message: message, user: UserID(rawValue: Int64(user)), emoji: emoji),
            isOn: true,
            revision: Offset(rawValue: Int64(revision)),
            at: Timestamp(milliseconds: 1)
        )
    }

    fileprivate func message(_ content: String) -> MessageImage {
        MessageImage(
            id: MessageID(chat: self, sequence: SequenceNumber(rawValue: 1)),
            revision: Offset(rawValue: 2),
            createdOffset: Offset(rawValue: 2),
            sender: UserID(rawValue: 1),
            type: .text,
            content: content,
            createdAt: Timestamp(milliseconds: 1),
            clientMessageID: nil,
            operation: .random()
        )
    }
}
