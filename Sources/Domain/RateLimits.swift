/// What a request counts as; each class has buckets of its own.
package enum RateClass: String, Sendable, CaseIterable {
    /// Looks at something.
    case read
    /// Changes something.
    case write
    /// Opens a session or makes an account.
    case auth
    /// Looks through much.
    case search
    /// Costs the server as much as many others.
    case expensive
    /// Fails to renew a session.
    case renewal
    /// Names nobody who may come in.
    case stranger
}

/// How many requests are free within how long: a token bucket that holds so many and fills up in that time.
package struct RateQuota: Hashable, Sendable {
    package let tokens: Int
    package let window: Duration

    /// A quota of at least one.
    package init(tokens: Int, window: Duration) {
        precondition(tokens > 0 && window > .zero, "a quota is above zero")
        self.tokens = tokens
        self.window = window
    }

    /// How long a bucket takes to gain so many tokens.
    package func time(for count: Int) -> Duration { .seconds(window.seconds * Double(count) / Double(tokens)) }
}

/// Whose requests, of which class, are counted together.
package struct RateBucket: Hashable, Sendable {
    /// Who makes the requests.
    package enum Subject: Hashable, Sendable {
        case user(UserID)
        /// An IPv4 address.
        case address(UInt32)
        /// The first half of an IPv6 address: what one subscriber commonly has to himself.
        case network(UInt64)
    }

    package let subject: Subject
    package let rateClass: RateClass

    /// The bucket of a subject's requests of a class.
    package init(_ subject: Subject, _ rateClass: RateClass) {
        self.subject = subject
        self.rateClass = rateClass
    }

    /// What it is called in a store: letters and digits alone, and nothing a client could choose.
    package var name: String {
        switch subject {
        case .user(let user): "u\(user):\(rateClass)"
        case .address(let address): "a\(String(address, radix: 16)):\(rateClass)"
        case .network(let network): "n\(String(network, radix: 16)):\(rateClass)"
        }
    }
}

extension Duration {
    fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
