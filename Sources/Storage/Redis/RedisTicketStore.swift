package import Domain
package import Redis

/// Tickets in Redis, each under the digest of its text, so that reading Redis gives nobody a ticket.
///
/// Loop-bound, like its client.
package final class RedisTicketStore: TicketStore {
    private let client: RedisClient
    private let prefix: String
    private let metrics: StoreMetrics

    /// Keeps tickets under `<prefix>:ticket:`.
    package init(client: RedisClient, prefix: String, metrics: StoreMetrics) {
        self.client = client
        self.prefix = prefix
        self.metrics = metrics
    }

    package func keep(_ digest: [UInt8], for caller: Caller, lifetime: Duration) async throws {
        let text = "\(caller.user) \(caller.session) \(caller.expiresAt.milliseconds)"
        let command = RedisCommands.Set(key(digest), to: Array(text.utf8), lifetime: lifetime)
        try await metrics.redis("keep_ticket") { () throws(RedisError) in _ = try await client.send(command) }
    }

    package func take(_ digest: [UInt8]) async throws -> Caller? {
        let command = RedisCommands.GetDelete(key(digest))
        let value = try await metrics.redis("take_ticket") { () throws(RedisError) in try await client.send(command) }
        guard let value else { return nil }
        let parts = String(decoding: value, as: UTF8.self).split(separator: " ")
        guard parts.count == 3, let user = Int64(parts[0]), let session = SessionID(parts[1]), let end = Int64(parts[2])
        else { throw StoreError(.redis, .permanent, "a ticket is not what this version writes") }
        return Caller(user: UserID(rawValue: user), session: session, expiresAt: Timestamp(milliseconds: end))
    }

    private func key(_ digest: [UInt8]) -> String { "\(prefix):ticket:\(Hexadecimal.text(of: digest))" }
}
