import Domain
import Testing

@testable import duologue_load

@Suite struct DeliveryCheckerTests {
    private static let anna = UserID(rawValue: 1)
    private static let bruno = UserID(rawValue: 2)

    /// Two sockets that have seen offset 1, and three messages, acked as 1, 2 and 3 but not delivered.
    private static func checker() -> (DeliveryChecker, [SentMessage]) {
        var checker = DeliveryChecker(sockets: 2)
        for socket in 0..<2 { checker.begin(socket, after: Offset(rawValue: 1)) }
        let messages = [
            SentMessage(id: .random(), sender: anna, content: "na\u{EF}ve", replyTo: nil),
            SentMessage(id: .random(), sender: bruno, content: "two", replyTo: SequenceNumber(rawValue: 1)),
            SentMessage(id: .random(), sender: anna, content: "three", replyTo: nil),
        ]
        for (index, message) in messages.enumerated() {
            checker.sent(message)
            checker.acked(message.id, SequenceNumber(rawValue: Int64(index) + 1))
        }
        return (checker, messages)
    }

    private static func arrived(
        _ message: SentMessage,
        as sequence: Int64,
        content: String? = nil
    ) -> ArrivedMessage {
        ArrivedMessage(
            chat: ChatID(rawValue: 9),
            sequence: SequenceNumber(rawValue: sequence),
            sender: message.sender,
            type: "text",
            content: content ?? message.content,
            replyTo: message.replyTo,
            clientID: message.id
        )
    }

    private static func deliver(
        _ messages: [SentMessage],
        to socket: Int,
        of checker: inout DeliveryChecker,
        indexes: [Int] = [0, 1, 2]
    ) {
        for index in indexes {
            let arrived = arrived(messages[index], as: Int64(index) + 1)
            checker.received(socket, offset: Offset(rawValue: Int64(index) + 2), message: arrived)
        }
    }

    @Test func `everything once and in order on every socket is no fault`() {
        var (checker, messages) = Self.checker()
        Self.deliver(messages, to: 0, of: &checker)
        #expect(!checker.isComplete)
        Self.deliver(messages, to: 1, of: &checker)
        #expect(checker.isComplete)
        #expect(checker.delivered == 6)
        #expect(checker.verdict() == DeliveryChecker.Faults())
    }

    @Test func `deliveries that come before their acks are no fault`() {
        var checker = DeliveryChecker(sockets: 1)
        let message = SentMessage(id: .random(), sender: Self.anna, content: "early", replyTo: nil)
        checker.sent(message)
        checker.received(0, offset: Offset(rawValue: 1), message: Self.arrived(message, as: 1))
        checker.acked(message.id, SequenceNumber(rawValue: 1))
        #expect(checker.isComplete)
        #expect(checker.verdict() == DeliveryChecker.Faults())
    }

    @Test func `a message that one socket did not get is missing once`() {
        var (checker, messages) = Self.checker()
        Self.deliver(messages, to: 0, of: &checker)
        Self.deliver(messages, to: 1, of: &checker, indexes: [0, 1])
        #expect(!checker.isComplete)
        #expect(checker.verdict().missing == 1)
    }

    @Test func `a message without ack is neither missing nor forgotten`() {
        var (checker, _) = Self.checker()
        checker.sent(SentMessage(id: .random(), sender: Self.anna, content: "lost", replyTo: nil))
        #expect(checker.verdict().unacked == 1)
        #expect(checker.verdict().missing == 6)
    }

    @Test func `a message that comes twice is doubled and nothing else`() {
        var (checker, messages) = Self.checker()
        Self.deliver(messages, to: 0, of: &checker)
        Self.deliver(messages, to: 1, of: &checker)
        Self.deliver(messages, to: 1, of: &checker, indexes: [1])
        #expect(checker.verdict() == DeliveryChecker.Faults(doubled: 1))
    }

    @Test func `an ack that comes twice is doubled`() {
        var (checker, messages) = Self.checker()
        checker.acked(messages[0].id, SequenceNumber(rawValue: 1))
        #expect(checker.verdict().doubled == 1)
    }

    @Test func `a swapped pair of events is out of order`() {
        var (checker, messages) = Self.checker()
        Self.deliver(messages, to: 0, of: &checker, indexes: [1, 0, 2])
        #expect(checker.verdict().outOfOrder > 0)
        #expect(checker.verdict().doubled == 0)
    }

    @Test func `a hole in the offsets is out of order`() {
        var (checker, messages) = Self.checker()
        Self.deliver(messages, to: 0, of: &checker)
        checker.received(0, offset: Offset(rawValue: 6), message: nil)
        #expect(checker.verdict().outOfOrder == 1)
    }

    @Test func `a hole in the seqs is out of order`() {
        var checker = DeliveryChecker(sockets: 0)
        for sequence in [1, 3] as [Int64] {
            let message = SentMessage(id: .random(), sender: Self.anna, content: "x", replyTo: nil)
            checker.sent(message)
            checker.acked(message.id, SequenceNumber(rawValue: sequence))
        }
        #expect(checker.verdict().outOfOrder == 1)
    }

    @Test func `a sender whose second message overtook the first is out of order`() {
        var checker = DeliveryChecker(sockets: 0)
        for sequence in [2, 1] as [Int64] {
            let message = SentMessage(id: .random(), sender: Self.anna, content: "x", replyTo: nil)
            checker.sent(message)
            checker.acked(message.id, SequenceNumber(rawValue: sequence))
        }
        #expect(checker.verdict() == DeliveryChecker.Faults(outOfOrder: 1))
    }

    @Test func `a content that is equal but not byte for byte is altered`() {
        var (checker, messages) = Self.checker()
        let decomposed = Self.arrived(messages[0], as: 1, content: "nai\u{308}ve")
        #expect(decomposed.content == messages[0].content)
        checker.received(0, offset: Offset(rawValue: 2), message: decomposed)
        #expect(checker.verdict().altered == 1)
    }

    @Test func `a seq other than the ack's is altered`() {
        var (checker, messages) = Self.checker()
        checker.received(0, offset: Offset(rawValue: 2), message: Self.arrived(messages[0], as: 2))
        #expect(checker.verdict().altered == 1)
    }

    @Test func `a message that nobody sent is foreign`() {
        var (checker, _) = Self.checker()
        let stranger = SentMessage(id: .random(), sender: Self.anna, content: "x", replyTo: nil)
        checker.received(0, offset: Offset(rawValue: 2), message: Self.arrived(stranger, as: 1))
        #expect(checker.verdict().foreign == 1)
    }

    @Test func `history that is what was sent does not differ`() {
        let (checker, messages) = Self.checker()
        let history = messages.enumerated().map { Self.arrived($1, as: Int64($0) + 1) }
        #expect(HistoryComparison.differences(history, checker.messages) == 0)
    }

    @Test(arguments: [[0, 1], [0, 2, 1], [0, 1, 1], [0, 1, 2, 2]])
    func `history that misses, swaps or repeats a message differs`(order: [Int]) {
        let (checker, messages) = Self.checker()
        let history = order.map { Self.arrived(messages[$0], as: Int64($0) + 1) }
        #expect(HistoryComparison.differences(history, checker.messages) > 0)
    }

    @Test func `history with another content differs`() {
        let (checker, messages) = Self.checker()
        var history = messages.enumerated().map { Self.arrived($1, as: Int64($0) + 1) }
        history[2] = Self.arrived(messages[2], as: 3, content: "tree")
        #expect(HistoryComparison.differences(history, checker.messages) == 1)
    }
}
