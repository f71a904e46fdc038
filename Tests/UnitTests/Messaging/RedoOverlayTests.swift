import Domain
import Testing

@testable import Messaging

@Suite struct RedoOverlayTests {
    private static let message = MessageID(chat: ChatID(rawValue: 1), sequence: SequenceNumber(rawValue: 1))
    private static let (ada, bob) = (UserID(rawValue: 1), UserID(rawValue: 2))

    /// What MongoDB has of an emoji of Ada's.
    private static func group(_ number: Int) -> ReactionGroup {
        ReactionGroup(emoji: "e\(number)", count: 1, users: [(ada, Offset(rawValue: Int64(number)))])
    }

    /// An emoji of Bob's that is decided and not finished.
    private static func reaction(_ number: Int) -> CommittedOperation {
        let body = Operation.Body.react(message.sequence, emoji: "e\(number)", isOn: true)
        let offset = Offset(rawValue: Int64(1_000 + number))
        return CommittedOperation(
            operation: OperationCodec.operation(chat: message.chat, actor: bob, id: .random(), body: body),
            allocation: Allocation(offset: offset, sequence: nil, at: Timestamp(milliseconds: 0))
        )
    }

    @Test func `of more emojis than are shown, those that were there first are, with all their users`() {
        let overlay = RedoOverlay(([7] + (100...103)).map(Self.reaction))
        let shown = overlay.reactions(on: Self.message.sequence, over: (1...99).map(Self.group))
        #expect(shown.map(\.emoji) == (1...100).map { "e\($0)" })
        #expect(shown[6] == ReactionSummary(emoji: "e7", count: 2, users: [Self.ada, Self.bob]))
        #expect(shown[99] == ReactionSummary(emoji: "e100", count: 1, users: [Self.bob]))
    }
}
