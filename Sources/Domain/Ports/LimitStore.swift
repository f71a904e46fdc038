/// The counts by which people are limited, which all nodes share.
///
/// Loop-bound.
///
/// Answers come by callback, once and on the loop, perhaps before the method returns: whoever asks decides how long that is waited
/// for, and goes on without the answer then. An answer that comes late says no less what was counted. All counts end by themselves.
package protocol LimitStore: AnyObject {
    /// Tells whether it could count; counts nothing.
    func probe(then answer: @escaping LimitAnswer<Void>)

    /// Takes tokens out of a bucket, which is full at first and fills up by the store's own clock.
    func take(
        _ demand: TokenDemand,
        from bucket: RateBucket,
        _ quota: RateQuota,
        then answer: @escaping LimitAnswer<TokenGrant>
    )

    /// Counts messages, unless one of the rules refuses them; nil where none does.
    ///
    /// Those that were counted before under the same text count no more and are never refused. Either all are counted or none.
    func judge(_ suspect: SpamSuspect, by rules: SpamRules, then answer: @escaping LimitAnswer<SpamRefusal?>)

    /// Counts failures of what is called so, none or one, and tells how long it is to be left alone then; names are kept as digests only.
    ///
    /// `limit` failures are free, and again after `window`; nothing makes the wait longer than that.
    func failures(
        _ count: Int,
        of name: String,
        limit: Int,
        window: Duration,
        then answer: @escaping LimitAnswer<Duration>
    )
}

/// Told what came of a question.
package typealias LimitAnswer<Value> = (Result<Value, StoreError>) -> Void

/// How many tokens a node wants.
package struct TokenDemand: Sendable, Equatable {
    /// For requests that wait for them.
    package var needed: Int
    /// At most so many more, for requests to come: a store gives only what leaves enough to others.
    package var spare: Int
    /// Taken before and not used.
    package var returned: Int

    package init(needed: Int, spare: Int = 0, returned: Int = 0) {
        self.needed = needed
        self.spare = spare
        self.returned = returned
    }

    /// The part of what is left in a bucket that a node may take beyond its need.
    package static let sparePart = 20
}

/// What a store gave.
package struct TokenGrant: Sendable, Equatable {
    package var tokens: Int
    /// Left in the bucket.
    package var rest: Int
    /// How long until there is one more, where fewer than needed were given.
    package var wait: Duration

    package init(tokens: Int, rest: Int, wait: Duration) {
        self.tokens = tokens
        self.rest = rest
        self.wait = wait
    }
}
