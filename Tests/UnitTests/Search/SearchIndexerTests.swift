import Domain
import Messaging
import Support
import Testing

/// What becomes of a step that fails.
struct SearchIndexerTests {
    private static let chat = ChatID(rawValue: 1)
    private static let other = ChatID(rawValue: 2)

    /// Loop-bound.
    private final class Scene {
        let index = ScriptedSearchIndex()
        let bodies = MemoryBodyStore()
        let indexer: SearchIndexer

        init() { indexer = SearchIndexer(index: index, bodies: bodies) }

        /// How many messages a step took; nil where it failed.
        func step(_ chat: ChatID = SearchIndexerTests.chat) async -> Int? {
            try? await indexer.step([chat]).messages
        }
    }

    @Test func `after a failure a step has half as many words, and after each success twice as many`() async throws {
        try await onLoop { _ in
            let scene = Scene()
            // A thousand words each, of the fifty thousand that a step takes.
            let text = String(repeating: "x ", count: 1_000)
            try await scene.index.fill(Self.chat, 100, saying: text, in: scene.bodies)
            scene.index.putFailures = [ScriptedSearchIndex.failure, ScriptedSearchIndex.failure]
            var steps: [Int?] = []
            for _ in 0..<6 { steps.append(await scene.step()) }
            #expect(steps == [nil, nil, 13, 25, 50, 12])
            // What was refused for now is not tried in parts.
            #expect(scene.index.puts == [50, 25, 13, 25, 50, 12])
            #expect(scene.index.documents.count == 100 && scene.index.indexed == [Self.chat: 100])
        }
    }

    @Test func `a step has one message at least, however often it failed`() async throws {
        try await onLoop { _ in
            let scene = Scene()
            try await scene.index.fill(Self.chat, 2, saying: "one two three", in: scene.bodies)
            scene.index.putFailures = Array(repeating: ScriptedSearchIndex.failure, count: 40)
            for _ in 0..<40 { #expect(await scene.step() == nil) }
            #expect(scene.index.puts.last == 1)
            #expect(await scene.step() == 1)
            #expect(await scene.step() == 1)
            #expect(scene.index.indexed == [Self.chat: 2])
        }
    }

    @Test func `a message whose words are refused for good is indexed without them, and all others with theirs`()
        async throws
    {
        try await onLoop { _ in
            let scene = Scene()
            try await scene.index.fill(Self.chat, 9, saying: "some words", in: scene.bodies)
            let bad = MessageID(chat: Self.chat, sequence: SequenceNumber(rawValue: 5))
            scene.index.refuses = { $0.message == bad && !$0.words.isEmpty }
            #expect(await scene.step() == 9)
            #expect(scene.index.documents.count == 9 && scene.index.indexed == [Self.chat: 9])
            for (message, document) in scene.index.documents {
                #expect(document.words == (message == bad ? [:] : ["some": [1], "words": [2]]))
                #expect(document.sender == UserID(rawValue: 7))
            }
        }
    }

    @Test func `a message that is refused in any form stops its own chat and no other`() async throws {
        try await onLoop { _ in
            let scene = Scene()
            try await scene.index.fill(Self.chat, 3, saying: "some words", in: scene.bodies)
            try await scene.index.fill(Self.other, 3, saying: "other words", in: scene.bodies)
            scene.index.refuses = { $0.message.chat == Self.chat && $0.message.sequence.rawValue == 2 }
            for _ in 0..<3 {
                #expect(await scene.step() == nil)
                #expect(scene.index.indexed[Self.chat] == 0)
            }
            #expect(await scene.step(Self.other) == 3)
            scene.index.refuses = { _ in false }
            #expect(await scene.step() == 3)
            #expect(scene.index.indexed == [Self.chat: 3, Self.other: 3])
        }
    }
}
