package import Domain
package import IOCore

/// Refuses messages that repeat one text too often, come too fast, or carry too many links of young accounts; over all nodes.
///
/// Loop-bound. A message is counted by its operation: sent again under the same id it is not counted again, and one that was
/// stored is never refused, so that its sender gets the first answer. While the store of counts does not answer, everything passes.
package final class SpamGuard {
    private let rules: SpamRules
    private let store: any LimitStore
    private let operations: any OperationIndex
    private let accounts: any AccountStore
    private let question: LimitQuestion
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    private let refused: [SpamRefusal.Rule: Counter]
    /// When accounts were made, of those that have sent links lately.
    private var births: [UserID: Timestamp] = [:]

    private static let birthLimit = 10_000
    /// What refuses nobody: of a second's window each still takes a microsecond, the least that Redis can count.
    private static let plenty = 1_000_000

    /// A guard over stores of its loop.
    package init(
        loop: EventLoop,
        rules: SpamRules,
        store: any LimitStore,
        operations: any OperationIndex,
        accounts: any AccountStore,
        watch: LimitWatch,
        patience: Duration = RateLimiter.usualPatience,
        now: @escaping @Sendable () -> Timestamp,
        registry: MetricsRegistry,
        logger: Logger
    ) {
        self.rules = rules
        self.store = store
        self.operations = operations
        self.accounts = accounts
        question = LimitQuestion(loop: loop, watch: watch, patience: patience)
        self.now = now
        self.logger = logger
        var refused: [SpamRefusal.Rule: Counter] = [:]
        for rule in SpamRefusal.Rule.allCases {
            refused[rule] = registry.counter(
                "duologue_spam_refused_total",
                help: "Messages refused as spam.",
                labels: [("rule", "\(rule)")]
            )
        }
        self.refused = refused
    }

    /// Counts messages that say the same, each an operation in its chat: all of them, or none.
    ///
    /// - Throws: `rate_limited` with the rule and the time after which they would pass.
    package func check(
        _ draft: MessageDraft,
        in messages: [(chat: ChatID, id: OperationID)],
        by user: UserID
    ) async throws(Failure) {
        let spam = SpamText(draft.content, media: draft.attachments.map(\.mediaID))
        var isLinkOfYoungAccount = false
        if spam.hasLink { isLinkOfYoungAccount = await isYoung(user) }
        let suspect = SpamSuspect(
            user: user,
            operations: messages.map(\.id),
            text: spam.digest,
            isLinkOfYoungAccount: isLinkOfYoungAccount
        )
        try await judge(suspect, by: rules, in: messages)
    }

    /// Counts an edit by which a young account writes a link, as a message with one; other edits are not judged.
    ///
    /// - Throws: `rate_limited` with the time after which it would pass.
    package func check(_ edit: MessageEdit, in chat: ChatID, id: OperationID, by user: UserID) async throws(Failure) {
        let text = SpamText(edit.content)
        guard text.hasLink, await isYoung(user) else { return }
        var rules = rules
        rules.messages = Self.plenty
        rules.repetitions = Self.plenty
        // Under another digest than that of messages, so that an edit is no repetition of one.
        let digest = text.digest.map { ~$0 }
        let suspect = SpamSuspect(user: user, operations: [id], text: digest, isLinkOfYoungAccount: true)
        try await judge(suspect, by: rules, in: [(chat, id)])
    }

    private func judge(
        _ suspect: SpamSuspect,
        by rules: SpamRules,
        in messages: [(chat: ChatID, id: OperationID)]
    ) async throws(Failure) {
        let user = suspect.user
        guard let refusal = await question.answer({ store.judge(suspect, by: rules, then: $0) }) ?? nil else { return }
        // What was stored long ago is forgotten here; its sender is owed the first answer all the same.
        guard await !areCommitted(messages, by: user) else { return }
        refused[refusal.rule]?.increment()
        throw Failure(.rateLimited, detail(refusal), retryAfter: refusal.wait)
    }

    private func isYoung(_ user: UserID) async -> Bool {
        if births[user] == nil {
            if births.count >= Self.birthLimit { births = [:] }
            births[user] = await birth(of: user)
        }
        guard let birth = births[user] else { return false }
        return now().milliseconds - birth.milliseconds < rules.youth.components.seconds * 1_000
    }

    private func birth(of user: UserID) async -> Timestamp? {
        do {
            return try await accounts.user(user)?.createdAt
        } catch {
            logger.warning("age of an account not known", ["error": .string("\(error)")])
            return nil
        }
    }

    private func areCommitted(_ messages: [(chat: ChatID, id: OperationID)], by user: UserID) async -> Bool {
        do {
            return try await operations.areCommitted(messages, by: user)
        } catch {
            // Then it cannot be sent either.
            logger.warning("operations not looked up", ["error": .string("\(error)")])
            return false
        }
    }

    private func detail(_ refusal: SpamRefusal) -> String {
        let wait = refusal.wait.secondsRoundedUp
        return switch refusal.rule {
        case .repetition:
            "Spam guard: the same text more than \(rules.repetitions) times in "
                + "\(rules.repetitionWindow.components.seconds) seconds; try again in \(wait) seconds."
        case .flood:
            "Spam guard: more than \(rules.messages) messages in \(rules.floodWindow.components.seconds) seconds; "
                + "try again in \(wait) seconds."
        case .links:
            "Spam guard: a new account may send \(rules.links) links in \(rules.linkWindow.components.seconds) seconds; "
                + "try again in \(wait) seconds."
        }
    }
}
