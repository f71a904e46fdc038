internal import Domain
internal import IOCore
internal import Messaging
internal import Testing

/// A chat of two people, read with a cache and without, in which operations are left unfinished for as long as chance has it.
final class CachedPages {
    let ports: StorePorts
    let ada: User
    let bob: User
    let chat: ChatID
    let cache = MemoryReadCache()
    let bodies: InterruptedBodyStore
    let cached: HistoryReader
    let plain: HistoryReader
    private let metrics = CacheMetrics(registry: MetricsRegistry())
    private var random: SplitMix64
    private var sent: Int64 = 0
    private var unfinished: [(batch: BatchID, operations: [CommittedOperation])] = []

    init(_ ports: StorePorts, seed: UInt64) async throws {
        self.ports = ports
        random = SplitMix64(seed: seed)
        (ada, bob) = (try await ports.someone(), try await ports.someone())
        chat = try await ports.group(ada, bob)
        bodies = InterruptedBodyStore(ports.bodies)
        let reads = CachedReads(cache: cache, metrics: metrics)
        cached = HistoryReader(history: ports.history, bodies: bodies, cache: reads)
        plain = HistoryReader(history: ports.history, bodies: ports.bodies)
        for _ in 0..<6 { try await say() }
    }

    var hits: Int { metrics[.messages].hits.value }

    func page(_ reader: HistoryReader, _ user: User, _ window: HistoryWindow = .newest) async throws -> String {
        let page = try await reader.encodedPage(of: chat, for: user.id, window: window, limit: 4)
        return String(decoding: page.messages, as: UTF8.self)
    }

    /// Both see with the cache what they see without it, twice in a row.
    func compare() async throws {
        for user in [ada, bob] {
            for window in [HistoryWindow.newest, .before(SequenceNumber(rawValue: 5)), .firstUnread] {
                let expected = try await page(plain, user, window)
                for _ in 0..<2 {
                    let shown = try await page(cached, user, window)
                    #expect(shown == expected, "\(window)")
                }
            }
        }
    }

    /// Commits something, if it is not refused, and perhaps finishes some of what was begun.
    func change() async throws {
        let number = 1 + Int64(random.below(Int(sent)))
        let user = random.pick([ada, bob])
        switch random.below(10) {
        case 0, 1: try await say()
        case 2, 3: try await begin(ports.edit(chat, number, ada))
        case 4: try await begin(ports.delete(chat, number, ada))
        case 5: try await begin(ports.restore(chat, number, ada))
        case 6, 7: try await begin(ports.react("👍", chat, number, user, isOn: random.chance(percent: 60)))
        case 8:
            if try await begin(ports.reply(1, chat, ada)) { sent += 1 }
        default:
            let message = MessageID(chat: chat, sequence: SequenceNumber(rawValue: number))
            _ = try await ports.personal.hide(message, random.chance(percent: 40), for: user.id, limit: 1_000)
        }
        while !unfinished.isEmpty, random.chance(percent: 60) { try await finish() }
    }

    func say() async throws {
        sent += 1
        _ = try await begin(ports.say("\(sent)", chat, ada))
    }

    @discardableResult
    private func begin(_ operation: Operation) async throws -> Bool {
        let batch = BatchID.random()
        guard let allocation = try await ports.commit([operation], as: batch).first?.allocation else {
            try await ports.log.drop([batch])
            return false
        }
        unfinished.append((batch, [CommittedOperation(operation: operation, allocation: allocation)]))
        return true
    }

    /// Any of those unfinished: MongoDB takes them in whatever order they come.
    private func finish() async throws {
        let (batch, operations) = unfinished.remove(at: random.below(unfinished.count))
        try await ports.bodies.apply(operations.flatMap(PostImages.documents(of:)))
        try await ports.log.drop([batch])
    }

    func finishAll() async throws {
        while !unfinished.isEmpty { try await finish() }
    }
}
