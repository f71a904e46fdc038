package import Domain

/// The twin of the store of counts, by a clock that tests set.
///
/// Loop-bound.
package final class MemoryLimitStore: LimitStore {
    /// What the store does with a question.
    package enum Conduct {
        case answers
        case fails(StoreError)
        /// Keeps the answers for ``answerAll()`` and for ``answerFirst()``.
        case isSilent
    }

    package var conduct = Conduct.answers
    /// Microseconds since whenever.
    package var now: Int64 = 0
    /// How many questions came.
    package private(set) var questions = 0
    /// Every demand for tokens, in order.
    package private(set) var demands: [TokenDemand] = []
    private var late: [() -> Void] = []
    private var buckets: [String: (level: Double, at: Int64)] = [:]
    /// When what leaks will have leaked, in microseconds, by its name.
    private var leaks: [String: Double] = [:]
    private var texts: [String: (operations: Set<OperationID>, ends: Int64)] = [:]

    package init() {}

    /// Lets what was asked be answered now, as of when it was asked.
    package func answerAll() {
        let answers = late
        late = []
        for answer in answers { answer() }
    }

    /// Lets what was asked first be answered now.
    package func answerFirst() {
        guard !late.isEmpty else { return }
        late.removeFirst()()
    }

    package func probe(then answer: @escaping LimitAnswer<Void>) { tell(answer) { () } }

    package func take(
        _ demand: TokenDemand,
        from bucket: RateBucket,
        _ quota: RateQuota,
        then answer: @escaping LimitAnswer<TokenGrant>
    ) {
        demands.append(demand)
        tell(answer) { self.grant(demand, bucket.name, Double(quota.tokens), quota.window.microseconds) }
    }

    private func grant(_ demand: TokenDemand, _ name: String, _ most: Double, _ window: Double) -> TokenGrant {
        var tokens = most
        if let kept = buckets[name] {
            let passed = Double(max(0, now - kept.at))
            tokens = min(most, kept.level + passed * most / window + Double(demand.returned))
        }
        var given = min(demand.needed, Int(tokens))
        if given == demand.needed { given += min(demand.spare, (Int(tokens) - given) / TokenDemand.sparePart) }
        tokens -= Double(given)
        buckets[name] = (tokens, now)
        let wait = given < demand.needed ? (1 - tokens) * window / most / 1_000 : 0
        return TokenGrant(tokens: given, rest: Int(tokens), wait: .milliseconds(Int(wait.rounded(.up))))
    }

    package func judge(
        _ suspect: SpamSuspect,
        by rules: SpamRules,
        then answer: @escaping LimitAnswer<SpamRefusal?>
    ) {
        tell(answer) { self.refusal(of: suspect, by: rules) }
    }

    private func refusal(of suspect: SpamSuspect, by rules: SpamRules) -> SpamRefusal? {
        let key = "\(suspect.user) \(suspect.text)"
        // A clock that was set back makes no wait longer, here and below.
        if let ends = texts[key]?.ends {
            texts[key]?.ends = min(ends, now + Int64(rules.repetitionWindow.microseconds))
        }
        if let text = texts[key], text.ends <= now { texts[key] = nil }
        let said = texts[key]?.operations ?? []
        let fresh = suspect.operations.filter { !said.contains($0) }
        guard !fresh.isEmpty else { return nil }
        if said.count + fresh.count > rules.repetitions {
            let rest = texts[key].map { Duration.microseconds($0.ends - now) } ?? rules.repetitionWindow
            return SpamRefusal(.repetition, wait: rest)
        }
        let (pace, late) = leak("pace \(suspect.user)", fresh.count, rules.messages, rules.floodWindow)
        if late > 1_000 { return SpamRefusal(.flood, wait: .microseconds(Int64(late))) }
        if suspect.isLinkOfYoungAccount {
            let (links, early) = leak("links \(suspect.user)", fresh.count, rules.links, rules.linkWindow)
            if early > 1_000 { return SpamRefusal(.links, wait: .microseconds(Int64(early))) }
            leaks["links \(suspect.user)"] = links
        }
        leaks["pace \(suspect.user)"] = pace
        let ends = texts[key]?.ends ?? now + Int64(rules.repetitionWindow.microseconds)
        texts[key] = (said.union(fresh), ends)
        return nil
    }

    package func failures(
        _ count: Int,
        of name: String,
        limit: Int,
        window: Duration,
        then answer: @escaping LimitAnswer<Duration>
    ) {
        tell(answer) {
            let ends = self.leak(name, count, limit, window).ends
            let most = Double(self.now) + window.microseconds
            if count > 0 { self.leaks[name] = min(ends, most) }
            let pace = window.microseconds / Double(limit)
            let wait = min(ends, most) - most + pace
            return .milliseconds(Int64(max(0, (wait / 1_000 - 0.01).rounded(.up))))
        }
    }

    private func leak(_ name: String, _ count: Int, _ most: Int, _ window: Duration) -> (ends: Double, late: Double) {
        let pace = window.microseconds / Double(most)
        if let kept = leaks[name] { leaks[name] = min(kept, Double(now) + window.microseconds) }
        let ends = max(leaks[name] ?? 0, Double(now)) + pace * Double(count)
        return (ends, ends - Double(now) - window.microseconds)
    }

    private func tell<Value>(_ answer: @escaping LimitAnswer<Value>, _ value: @escaping () -> Value) {
        questions += 1
        switch conduct {
        case .answers: answer(.success(value()))
        case .fails(let error): answer(.failure(error))
        case .isSilent: late.append { answer(.success(value())) }
        }
    }
}

extension Duration {
    fileprivate var microseconds: Double {
        Double(components.seconds) * 1e6 + Double(components.attoseconds) / 1e12
    }
}
