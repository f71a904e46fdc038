package import Domain
internal import Hashing
internal import IOCore
package import Redis

/// Counts in Redis, one key for each thing counted, which ends when nothing of it is left.
///
/// Loop-bound, like its client; the commands of a tick go out in one write.
package final class RedisLimitStore: LimitStore {
    private let client: RedisClient
    private let prefix: String
    private let record: (ContinuousClock.Instant, Bool) -> Void

    /// Keeps counts under `<prefix>:rate:`, `<prefix>:failures:` and `<prefix>:spam:`.
    package init(client: RedisClient, prefix: String, metrics: StoreMetrics) {
        self.client = client
        self.prefix = prefix
        record = metrics.redisRecorder("limit")
    }

    /// Asks for nothing of buckets that nobody has, enough of them for every master of a cluster to serve some.
    package func probe(then answer: @escaping LimitAnswer<Void>) {
        var (missing, failure) = (Self.probes, StoreError?.none)
        for number in 0..<Self.probes {
            let arguments = [1, 1_000_000, 0, 0, 0, TokenDemand.sparePart]
            run(LimitScripts.take, ["\(prefix):rate:probe\(number)"], arguments) { result in
                if case .failure(let error) = result { failure = error }
                missing -= 1
                if missing == 0 { answer(failure.map { .failure($0) } ?? .success(())) }
            } decode: { _ in
                ()
            }
        }
    }

    private static let probes = 32

    package func take(
        _ demand: TokenDemand,
        from bucket: RateBucket,
        _ quota: RateQuota,
        then answer: @escaping LimitAnswer<TokenGrant>
    ) {
        let arguments = [
            quota.tokens, quota.window.wholeMicroseconds, demand.needed, demand.spare, demand.returned,
            TokenDemand.sparePart,
        ]
        run(LimitScripts.take, ["\(prefix):rate:\(bucket.name)"], arguments, then: answer) { reply in
            guard let numbers = reply.numbers(3) else { return nil }
            return TokenGrant(tokens: numbers[0], rest: numbers[1], wait: .milliseconds(numbers[2]))
        }
    }

    package func judge(_ suspect: SpamSuspect, by rules: SpamRules, then answer: @escaping LimitAnswer<SpamRefusal?>) {
        let place = "\(prefix):spam:{\(suspect.user)}"
        let keys = ["\(place):pace", "\(place):links", "\(place):text:\(Hexadecimal.text(of: suspect.text))"]
        let numbers = [
            rules.messages, rules.floodWindow.wholeMilliseconds, suspect.isLinkOfYoungAccount ? rules.links : 0,
            rules.linkWindow.wholeMilliseconds, rules.repetitions, rules.repetitionWindow.wholeMilliseconds,
        ]
        let operations = suspect.operations.map(\.bytes)
        run(LimitScripts.judge, keys, numbers, operations, then: answer) { reply -> SpamRefusal?? in
            guard let numbers = reply.numbers(2) else { return nil }
            let rule = SpamRefusal.Rule(rawValue: Int64(numbers[0]))
            return .some(rule.map { SpamRefusal($0, wait: .milliseconds(numbers[1])) })
        }
    }

    package func failures(
        _ count: Int,
        of name: String,
        limit: Int,
        window: Duration,
        then answer: @escaping LimitAnswer<Duration>
    ) {
        let key = "\(prefix):failures:\(Hexadecimal.text(of: SHA256.hash(Array(name.utf8))))"
        run(LimitScripts.failures, [key], [limit, window.wholeMilliseconds, count], then: answer) { reply in
            guard case .integer(let wait) = reply else { return nil }
            return .milliseconds(wait)
        }
    }

    /// Runs a script; a reply that `decode` does not understand is an error.
    private func run<Value>(
        _ script: RedisScript,
        _ keys: [String],
        _ numbers: [Int],
        _ further: [[UInt8]] = [],
        then answer: @escaping LimitAnswer<Value>,
        decode: @escaping (RedisReply) -> Value?
    ) {
        let start = ContinuousClock.now
        let arguments = numbers.map { Array(String($0).utf8) } + further
        client.evaluate(script, keys: keys, arguments: arguments) { [record] result in
            let decoded: Result<Value, StoreError> =
                switch result {
                case .failure(let error): .failure(StoreError(error))
                case .success(let reply):
                    if let value = decode(reply) {
                        .success(value)
                    } else {
                        .failure(StoreError(.redis, .permanent, "a count is not what this version writes"))
                    }
                }
            if case .success = decoded { record(start, true) } else { record(start, false) }
            answer(decoded)
        }
    }
}

extension RedisReply {
    /// So many integers.
    fileprivate func numbers(_ count: Int) -> [Int]? {
        guard case .array(let parts) = self, parts.count == count else { return nil }
        let numbers = parts.compactMap { if case .integer(let number) = $0 { Int(number) } else { nil } }
        return numbers.count == count ? numbers : nil
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int { wholeMicroseconds / 1_000 }
    fileprivate var wholeMicroseconds: Int {
        Int(components.seconds) * 1_000_000 + Int(components.attoseconds / 1_000_000_000_000)
    }
}
