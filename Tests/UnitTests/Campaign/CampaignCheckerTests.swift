import Support
import Testing

/// The checker of the fault campaign finds what is wrong, and only that.
struct CampaignCheckerTests {
    /// A chat of two members with two messages, an edit, a reaction and a pin, as a load would have left it.
    private struct Scene {
        var chat = StoredChat(chat: 7)
        var journal = WriteJournal()
        var log = DeliveryLog(user: 2, name: "node 1")

        init() {
            chat.founders = [1, 2]
            chat.members = [1, 2]
            chat.lastSequence = 2
            chat.lastOffset = 6
            chat.events = [
                .init(offset: 1, kind: 1, actor: 1, operation: "made"),
                .init(offset: 2, kind: 2, actor: 1, operation: "a", sequence: 1),
                .init(offset: 3, kind: 2, actor: 2, operation: "b", sequence: 2),
                .init(offset: 4, kind: 7, actor: 1, operation: "c", target: 1),
                .init(offset: 5, kind: 10, actor: 2, operation: "d", target: 1, emoji: "+"),
                .init(offset: 6, kind: 12, actor: 2, operation: "e", target: 2),
            ]
            chat.metadata = [1: .init(revision: 4), 2: .init(revision: 3)]
            chat.bodies = [1: .init(revision: 4, content: "edited"), 2: .init(revision: 3, content: "second")]
            chat.reactions = [.init(sequence: 1, user: 2, emoji: "+")]
            chat.pins = [2]
            chat.histories["node 1"] = [
                .init(sequence: 1, revision: 4, content: "edited", clientID: "a"),
                .init(sequence: 2, revision: 3, content: "second", clientID: "b"),
            ]
            add(.send, "a", by: 1, nil, "first", sequence: 1, offset: 2)
            add(.send, "b", by: 2, nil, "second", sequence: 2, offset: 3)
            add(.edit, "c", by: 1, 1, "edited", offset: 4)
            add(.react, "d", by: 2, 1, "+", offset: 5)
            add(.pin, "e", by: 2, 2, nil, offset: 6)
            log.begin(heads: [7: 1], chats: [7])
            for offset in Int64(2)...6 { log.receive(chat: 7, offset: offset) }
        }

        mutating func add(
            _ kind: WriteKind,
            _ id: String,
            by actor: Int64,
            _ target: Int64?,
            _ text: String?,
            sequence: Int64? = nil,
            offset: Int64
        ) {
            let record = WriteRecord(kind: kind, chat: 7, actor: actor, clientID: id, target: target, text: text)
            let number = journal.begin(record)
            journal.attempt(number)
            journal.end(number, .acked(.init(sequence: sequence, offset: offset)))
        }

        /// The kinds of violations found.
        func found() -> Set<Violation.Kind> {
            var checker = CampaignChecker(journal: journal, deliveries: [log], chats: [chat])
            return Set(checker.run().map(\.kind))
        }
    }

    @Test func `a sound round is clean`() {
        #expect(Scene().found() == [])
    }

    @Test func `an acked message without an event is lost`() {
        var scene = Scene()
        scene.add(.send, "x", by: 1, nil, "gone", sequence: 3, offset: 7)
        #expect(scene.found() == [.lost])
    }

    @Test func `a message without a document is lost`() {
        var scene = Scene()
        scene.chat.bodies[2] = nil
        #expect(scene.found().contains(.lost))
    }

    @Test func `an acked message that a node does not show is lost`() {
        var scene = Scene()
        scene.chat.histories["node 1"]?.removeLast()
        #expect(scene.found() == [.lost, .hole])
    }

    @Test func `an acked edit that is no event is lost`() {
        var scene = Scene()
        scene.add(.edit, "x", by: 1, 1, "never", offset: 9)
        #expect(scene.found() == [.lost])
    }

    @Test func `an ack that names the event of another is lost`() {
        var scene = Scene()
        scene.add(.delete, "x", by: 1, 1, nil, offset: 6)
        #expect(scene.found() == [.lost])
    }

    @Test func `a reaction without a document is lost, one without an event an orphan`() {
        var scene = Scene()
        scene.chat.reactions = [.init(sequence: 1, user: 1, emoji: "+")]
        #expect(scene.found() == [.lost, .orphan])
    }

    @Test func `a document that nobody decided is an orphan`() {
        var scene = Scene()
        scene.chat.bodies[3] = .init(revision: 7, content: "who?")
        #expect(scene.found() == [.orphan])
    }

    @Test func `one operation with two events is doubled`() {
        var scene = Scene()
        scene.chat.events.append(.init(offset: 7, kind: 12, actor: 2, operation: "e", target: 2))
        scene.chat.lastOffset = 7
        scene.log.receive(chat: 7, offset: 7)
        #expect(scene.found() == [.doubled])
    }

    @Test func `a repeated send with another answer is doubled`() {
        var scene = Scene()
        scene.journal.repeated(0, .init(sequence: 1, offset: 2, isDuplicate: true))
        #expect(scene.found() == [])
        scene.journal.repeated(0, .init(sequence: 2, offset: 3, isDuplicate: true))
        #expect(scene.found() == [.doubled])
    }

    @Test func `a repeated send that counts as new is doubled`() {
        var scene = Scene()
        scene.journal.repeated(0, .init(sequence: 1, offset: 2, isDuplicate: false))
        #expect(scene.found() == [.doubled])
    }

    @Test func `a missing offset is a hole`() {
        var scene = Scene()
        scene.chat.lastOffset = 7
        #expect(scene.found() == [.hole])
    }

    @Test func `a document behind its last edit is stale`() {
        var scene = Scene()
        scene.chat.bodies[1] = .init(revision: 2, content: "first")
        #expect(scene.found() == [.stale])
    }

    @Test func `a document of the right revision with another text is stale`() {
        var scene = Scene()
        scene.chat.bodies[1]?.content = "forged"
        #expect(scene.found() == [.stale])
    }

    @Test func `a deleted message that came back is stale`() {
        var scene = Scene()
        scene.chat.events.append(.init(offset: 7, kind: 8, actor: 1, operation: "f", target: 1))
        scene.chat.lastOffset = 7
        scene.log.receive(chat: 7, offset: 7)
        #expect(scene.found() == [.stale])
    }

    @Test func `a lost pin is stale`() {
        var scene = Scene()
        scene.chat.pins = []
        #expect(scene.found() == [.stale])
    }

    @Test func `a deleted message is pinned no more, and a purged one has no text`() {
        var scene = Scene()
        scene.chat.events.append(.init(offset: 7, kind: 8, actor: 2, operation: "f", target: 2))
        scene.chat.lastOffset = 7
        scene.log.receive(chat: 7, offset: 7)
        scene.chat.pins = []
        scene.chat.metadata[2] = .init(revision: 7, isDeleted: true, isPurged: true)
        scene.chat.bodies[2] = .init(revision: 7, isDeleted: true, content: nil)
        scene.chat.histories = [:]
        #expect(scene.found() == [])
        scene.chat.metadata[2]?.isPurged = false
        #expect(scene.found() == [.stale])
    }

    @Test func `a node that shows an old text is stale`() {
        var scene = Scene()
        scene.chat.histories["node 1"]?[0].content = "first"
        #expect(scene.found() == [.stale])
    }

    @Test func `an event by somebody who was removed is by a stranger`() {
        var scene = Scene()
        scene.chat.events[2].kind = 3
        scene.chat.events[2].targetUser = 2
        scene.chat.members = [1]
        #expect(scene.found().contains(.stranger))
    }

    @Test func `an event that a client received without being in the chat is a stranger's`() {
        var scene = Scene()
        scene.chat.events.append(.init(offset: 7, kind: 3, actor: 1, operation: "f", targetUser: 2))
        scene.chat.events.append(.init(offset: 8, kind: 6, actor: 1, operation: "g"))
        scene.chat.lastOffset = 8
        scene.chat.members = [1]
        scene.log.receive(chat: 7, offset: 7)
        #expect(scene.found() == [])
        scene.log.receive(chat: 7, offset: 8)
        #expect(scene.found() == [.stranger])
    }

    @Test func `a hole in what a client received is found, one between connections is none`() {
        var scene = Scene()
        scene.log = DeliveryLog(user: 2, name: "node 1")
        scene.log.begin(heads: [7: 1], chats: [7])
        scene.log.receive(chat: 7, offset: 2)
        scene.log.begin(heads: [7: 4], chats: [7])
        scene.log.receive(chat: 7, offset: 5)
        scene.log.receive(chat: 7, offset: 6)
        #expect(scene.found() == [])
        scene.log.begin(heads: [7: 3], chats: [7])
        scene.log.receive(chat: 7, offset: 5)
        scene.log.receive(chat: 7, offset: 6)
        #expect(scene.found() == [.hole])
    }

    @Test func `an event received twice is doubled`() {
        var scene = Scene()
        scene.log.receive(chat: 7, offset: 6)
        #expect(scene.found() == [.doubled])
    }

    @Test func `a tail that never came is a hole while the connection lasts`() {
        var scene = Scene()
        scene.log = DeliveryLog(user: 2, name: "node 1")
        scene.log.begin(heads: [7: 1], chats: [7])
        for offset in Int64(2)...5 { scene.log.receive(chat: 7, offset: offset) }
        #expect(scene.found() == [.hole])
        scene.log.end()
        #expect(scene.found() == [])
    }

    @Test func `a member who was added later hears from the event that adds`() {
        var scene = Scene()
        scene.chat.events.append(.init(offset: 7, kind: 4, actor: 1, operation: "f", targetUser: 3))
        scene.chat.events.append(.init(offset: 8, kind: 6, actor: 1, operation: "g"))
        scene.chat.lastOffset = 8
        scene.chat.members = [1, 2, 3]
        scene.log = DeliveryLog(user: 3, name: "node 1")
        scene.log.begin(heads: [:], chats: [])
        scene.log.receive(chat: 7, offset: 7)
        scene.log.receive(chat: 7, offset: 8)
        #expect(scene.found() == [])
        scene.log = DeliveryLog(user: 3, name: "node 1")
        scene.log.begin(heads: [9: 4], chats: [9])
        #expect(scene.found() == [.hole])
    }

    @Test func `a joining that was decided when ready named the chat begins what its user hears`() {
        var scene = Scene()
        scene.chat.events.append(.init(offset: 7, kind: 4, actor: 1, operation: "f", targetUser: 3))
        scene.chat.lastOffset = 7
        scene.chat.members = [1, 2, 3]
        scene.log = DeliveryLog(user: 3, name: "node 1")
        scene.log.begin(heads: [7: 5], chats: [7])
        scene.log.receive(chat: 7, offset: 7)
        #expect(scene.found() == [])
        scene.log = DeliveryLog(user: 3, name: "node 1")
        scene.log.begin(heads: [7: 5], chats: [7])
        scene.log.receive(chat: 7, offset: 6)
        scene.log.receive(chat: 7, offset: 7)
        #expect(scene.found() == [.stranger])
    }

    @Test func `an announced body that nobody wrote is an orphan`() {
        var scene = Scene()
        scene.log.begin(heads: [7: 5], chats: [7])
        scene.log.receive(chat: 7, offset: 6, message: ("b", "forged"))
        #expect(scene.found() == [.orphan])
    }

    @Test func `an operation without an outcome is an answer missing`() {
        var scene = Scene()
        _ = scene.journal.begin(WriteRecord(kind: .send, chat: 7, actor: 1, clientID: "x", text: "?"))
        #expect(scene.found() == [.answer])
    }

    @Test func `a refusal that the operation cannot meet is found`() {
        var scene = Scene()
        let number = scene.journal.begin(WriteRecord(kind: .send, chat: 7, actor: 1, clientID: "x", text: "?"))
        scene.journal.end(number, .refused("internal"))
        #expect(scene.found() == [.answer])
    }
}
