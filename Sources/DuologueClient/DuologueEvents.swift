/// What happens in a user's chats, and to the connection, as it happens.
///
/// Each iteration gets what happens from its beginning on, and each gets everything; the first one opens the connection.
/// It ends when the client is closed and throws when the session has ended. An iteration that falls too far behind costs
/// no memory without bound: the connection is closed, and resumed once it has caught up.
public struct DuologueEvents: AsyncSequence, Sendable {
    /// What happened.
    public typealias Element = DuologueEvent
    /// Why the session has ended.
    public typealias Failure = DuologueError

    let hub: EventHub
    let client: DuologueClient

    /// Begins an iteration, and opens the connection if nothing did before.
    public func makeAsyncIterator() -> Iterator { Iterator(subscription: Subscription(hub, client)) }

    /// One iteration.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let subscription: Subscription

        /// The next event; nil at the end, and when the task is cancelled.
        ///
        /// - Throws: why the session has ended.
        public mutating func next() async throws(DuologueError) -> DuologueEvent? {
            try await subscription.buffer.next()
        }

        /// The next event; nil at the end, and when the task is cancelled.
        ///
        /// - Throws: why the session has ended.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(DuologueError) -> DuologueEvent? {
            try await subscription.buffer.next()
        }
    }

    /// Ends with the last copy of its iterator; until then somebody holds the client.
    fileprivate final class Subscription: Sendable {
        let buffer: EventBuffer
        private let hub: EventHub
        private let client: DuologueClient

        init(_ hub: EventHub, _ client: DuologueClient) {
            self.hub = hub
            self.client = client
            buffer = hub.subscribe()
        }

        deinit { hub.unsubscribe(buffer) }
    }
}
