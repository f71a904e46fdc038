/// A caller who waits until all of several servers have confirmed, or one of them has refused.
final class SubscriptionCall {
    private var answer: ((Result<Void, RedisError>) -> Void)?
    private var missing = 0

    init(_ answer: @escaping (Result<Void, RedisError>) -> Void) {
        self.answer = answer
    }

    /// Says how many servers are to confirm; without any the call is complete.
    func expect(_ count: Int) {
        missing = count
        if count == 0 { finish(.success(())) }
    }

    /// Takes what one server said; false where the caller does not wait any more.
    func settle(_ result: Result<Void, RedisError>) -> Bool {
        guard answer != nil else { return false }
        missing -= 1
        if case .failure = result { finish(result) }
        if missing == 0 { finish(result) }
        return true
    }

    /// Ends the wait.
    func fail(_ error: RedisError) { finish(.failure(error)) }

    private func finish(_ result: Result<Void, RedisError>) {
        answer.take()?(result)
    }
}
