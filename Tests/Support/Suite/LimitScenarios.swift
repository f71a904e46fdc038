package import Domain
internal import Testing

/// What every store of counts must do; `pass` lets time go by for it, a real one at least that long.
///
/// Windows of hours keep what a slow machine lets pass out of the counts.
package struct LimitScenarios {
    private let store: any LimitStore
    private let pass: (Duration) async throws -> Void
    private static let long = Duration.seconds(36_000)

    package init(_ store: any LimitStore, pass: @escaping (Duration) async throws -> Void) {
        self.store = store
        self.pass = pass
    }

    /// All of them; each has users of its own.
    package func run() async throws {
        try await bucketsGiveWhatTheyHold()
        try await sparesAreAPartOfWhatIsLeft()
        try await bucketsFillUp()
        try await failuresAddUp()
        try await textsAreCounted()
        try await floodsAndLinksAreCounted()
    }

    private func bucketsGiveWhatTheyHold() async throws {
        let quota = RateQuota(tokens: 5, window: Self.long)
        let bucket = RateBucket(.user(UserID(rawValue: 1)), .write)
        for rest in (0..<5).reversed() {
            #expect(try await take(1, bucket, quota) == TokenGrant(tokens: 1, rest: rest, wait: .zero))
        }
        let none = try await take(1, bucket, quota)
        #expect(none.tokens == 0 && none.rest == 0 && none.wait > .seconds(7_000) && none.wait <= .seconds(7_200))
        for other in [
            RateBucket(.user(UserID(rawValue: 1)), .read), RateBucket(.user(UserID(rawValue: 2)), .write),
            RateBucket(.address(1), .write), RateBucket(.network(1), .write),
        ] {
            #expect(try await take(3, other, quota) == TokenGrant(tokens: 3, rest: 2, wait: .zero))
            let short = try await take(3, other, quota)
            #expect(short.tokens == 2 && short.rest == 0 && short.wait > .zero)
        }
    }

    private func sparesAreAPartOfWhatIsLeft() async throws {
        let quota = RateQuota(tokens: 100, window: Self.long)
        let bucket = RateBucket(.user(UserID(rawValue: 3)), .write)
        #expect(try await take(1, spare: 1_000, bucket, quota).tokens == 1 + 99 / 20)
        #expect(try await take(1, spare: 2, bucket, quota) == TokenGrant(tokens: 3, rest: 92, wait: .zero))
        #expect(try await take(75, spare: 9, bucket, quota) == TokenGrant(tokens: 75, rest: 17, wait: .zero))
        #expect(try await take(1, returned: 5, bucket, quota).rest == 21)
        #expect(try await take(0, returned: 1_000, bucket, quota).rest == 100)
    }

    private func bucketsFillUp() async throws {
        let quota = RateQuota(tokens: 10, window: .seconds(2))
        let bucket = RateBucket(.user(UserID(rawValue: 4)), .write)
        #expect(try await take(10, bucket, quota).tokens == 10)
        try await pass(.seconds(1))
        #expect((5...10).contains(try await take(20, bucket, quota).tokens))
        try await pass(.seconds(3))
        #expect(try await take(20, bucket, quota).tokens == 10)
    }

    private func failuresAddUp() async throws {
        func failures(_ count: Int, _ name: String = "somebody") async throws -> Duration {
            try await asking { store.failures(count, of: name, limit: 4, window: Self.long, then: $0) }
        }
        #expect(try await failures(0) == .zero)
        for _ in 0..<3 { #expect(try await failures(1) == .zero) }
        let wait = try await failures(1)
        #expect(wait > .seconds(8_900) && wait <= .seconds(9_000))
        #expect(try await failures(0) <= wait)
        for _ in 0..<50 { #expect(try await failures(1) <= .seconds(9_001)) }
        #expect(try await failures(0, "somebody else") == .zero)
    }

    private func textsAreCounted() async throws {
        let rules = SpamRules(repetitions: 3, repetitionWindow: Self.long, messages: 1_000)
        let ids = (0..<6).map { _ in OperationID.random() }
        func judge(_ ids: [OperationID], text: UInt8 = 1, user: Int64 = 5) async throws -> SpamRefusal? {
            try await self.judge(user, ids, text, rules)
        }
        for _ in 0..<5 { #expect(try await judge([ids[0]]) == nil) }
        #expect(try await judge([ids[0], ids[1]]) == nil)
        let refusal = try await judge([ids[2], ids[3]])
        #expect(refusal?.rule == .repetition && refusal?.wait ?? .zero > .seconds(35_000))
        #expect(try await judge([ids[3]]) == nil, "what was refused was not counted")
        #expect(try await judge([ids[4]])?.rule == .repetition)
        for known in [[ids[0]], [ids[3], ids[1]]] { #expect(try await judge(known) == nil) }
        #expect(try await judge([ids[4]], text: 2) == nil)
        #expect(try await judge([ids[4]], user: 6) == nil)
    }

    private func floodsAndLinksAreCounted() async throws {
        let rules = SpamRules(repetitions: 1_000, messages: 4, floodWindow: Self.long, links: 2, linkWindow: Self.long)
        let ids = (0..<9).map { _ in OperationID.random() }
        #expect(try await judge(7, [ids[0], ids[1]], 1, rules, isLink: true) == nil)
        let link = try await judge(7, [ids[2]], 2, rules, isLink: true)
        #expect(link?.rule == .links && link?.wait ?? .zero > .seconds(17_000))
        #expect(try await judge(7, [ids[3], ids[4]], 3, rules) == nil)
        let flood = try await judge(7, [ids[5]], 4, rules)
        #expect(flood?.rule == .flood && flood?.wait ?? .zero > .seconds(8_000))
        #expect(try await judge(7, [ids[0]], 1, rules, isLink: true) == nil)
        #expect(try await judge(8, [ids[6]], 1, rules, isLink: true) == nil)
    }

    // MARK: Asking

    private func take(
        _ needed: Int,
        spare: Int = 0,
        returned: Int = 0,
        _ bucket: RateBucket,
        _ quota: RateQuota
    ) async throws -> TokenGrant {
        let demand = TokenDemand(needed: needed, spare: spare, returned: returned)
        return try await asking { store.take(demand, from: bucket, quota, then: $0) }
    }

    private func judge(
        _ user: Int64,
        _ operations: [OperationID],
        _ text: UInt8,
        _ rules: SpamRules,
        isLink: Bool = false
    ) async throws -> SpamRefusal? {
        let suspect = SpamSuspect(
            user: UserID(rawValue: user),
            operations: operations,
            text: Array(repeating: text, count: 16),
            isLinkOfYoungAccount: isLink
        )
        return try await asking { store.judge(suspect, by: rules, then: $0) }
    }

    private func asking<Value: Sendable>(_ question: (@escaping LimitAnswer<Value>) -> Void) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            question { continuation.resume(with: $0.mapError { $0 as any Error }) }
        }
    }
}
