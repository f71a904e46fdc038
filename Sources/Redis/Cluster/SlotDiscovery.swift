internal import IOCore

/// Learns the map of a cluster from whichever of its nodes answers.
///
/// Loop-bound.
final class SlotDiscovery {
    private let configuration: RedisConfiguration
    private let loop: EventLoop
    private let resolver: BlockingPool
    /// Those who did not answer when they were last asked; they come last.
    private var silent: Set<RedisAddress> = []
    private var isStopped = false

    init(configuration: RedisConfiguration, loop: EventLoop, resolver: BlockingPool) {
        self.configuration = configuration
        self.loop = loop
        self.resolver = resolver
    }

    /// Asks one node after another until one knows who serves the slots.
    ///
    /// `preferred` comes first, which is whoever was named by a redirection; the nodes of the known map and the seeds
    /// follow at random, so that nobody's outdated view is asked for ever.
    func learn(besides known: SlotMap, preferred: RedisAddress?) async throws(RedisError) -> SlotMap {
        var failure = RedisError(.unavailable, "no node is known")
        for address in candidates(known, preferred) where !isStopped {
            do throws(RedisError) {
                let map = try await ask(address)
                silent.remove(address)
                return map
            } catch {
                silent.insert(address)
                failure = RedisError(.unavailable, "\(address): \(error.message)")
            }
        }
        throw failure
    }

    /// Lets ``learn(besides:preferred:)`` ask nobody else.
    func stop() { isStopped = true }

    private func candidates(_ known: SlotMap, _ preferred: RedisAddress?) -> [RedisAddress] {
        let all = Set(known.masters + known.replicas + configuration.url.addresses)
        silent.formIntersection(all)
        let others = all.shuffled().filter { $0 != preferred }
        let ordered = others.filter { !silent.contains($0) } + others.filter { silent.contains($0) }
        return (preferred.map { [$0] } ?? []) + ordered
    }

    /// A connection for one question: those that carry commands may be stuck, and the map is what helps them.
    private func ask(_ address: RedisAddress) async throws(RedisError) -> SlotMap {
        var configuration = configuration
        configuration.connectDeadline = min(configuration.connectDeadline, configuration.discoveryDeadline)
        let connection = try await RedisConnection.open(address, configuration, loop: loop, resolver: resolver)
        defer { connection.close(RedisError(.shutdown, "the question is answered")) }
        let reply = try await connection.execute(
            RedisCommands.ClusterSlots(),
            deadline: configuration.discoveryDeadline
        )
        let map = try SlotMap(reply, askedAt: address)
        guard !map.masters.isEmpty else { throw RedisError(.unavailable, "it knows of no slots") }
        return map
    }
}
