/// What counts as spam.
package struct SpamRules: Sendable, Equatable {
    /// How often the same text may be said within `repetitionWindow`, over all chats.
    package var repetitions: Int
    package var repetitionWindow: Duration
    /// How many messages may be sent at once; the allowance is whole again after `floodWindow`.
    package var messages: Int
    package var floodWindow: Duration
    /// How many messages with links an account younger than `youth` may send; whole again after `linkWindow`.
    package var links: Int
    package var linkWindow: Duration
    package var youth: Duration

    package init(
        repetitions: Int = 20,
        repetitionWindow: Duration = .seconds(60),
        messages: Int = 30,
        floodWindow: Duration = .seconds(10),
        links: Int = 10,
        linkWindow: Duration = .seconds(3_600),
        youth: Duration = .seconds(86_400)
    ) {
        self.repetitions = repetitions
        self.repetitionWindow = repetitionWindow
        self.messages = messages
        self.floodWindow = floodWindow
        self.links = links
        self.linkWindow = linkWindow
        self.youth = youth
    }
}

/// Messages with one text that somebody is about to send, each named by its operation.
package struct SpamSuspect: Sendable, Equatable {
    package var user: UserID
    package var operations: [OperationID]
    /// A digest of what the text comes down to.
    package var text: [UInt8]
    /// Whether it holds a link and its sender's account is young.
    package var isLinkOfYoungAccount: Bool

    package init(user: UserID, operations: [OperationID], text: [UInt8], isLinkOfYoungAccount: Bool) {
        self.user = user
        self.operations = operations
        self.text = text
        self.isLinkOfYoungAccount = isLinkOfYoungAccount
    }
}

/// The rule that messages are refused by, and when they would not be.
package struct SpamRefusal: Sendable, Equatable {
    package enum Rule: Int64, Sendable, CaseIterable {
        case repetition = 1
        case flood = 2
        case links = 3
    }

    package let rule: Rule
    package let wait: Duration

    package init(_ rule: Rule, wait: Duration) {
        self.rule = rule
        self.wait = wait
    }
}
