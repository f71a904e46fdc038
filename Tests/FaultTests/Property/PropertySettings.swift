import Support

/// What a run of schedules is told, by the environment; nothing runs unless `PROPERTY_SCHEDULES` is set.
struct PropertySettings: Sendable {
    /// How many schedules.
    let schedules: Int
    /// Decides the schedules; it is also the seed of the first one.
    let seed: UInt64
    /// How many run at a time, on the same nodes.
    let lanes: Int
    /// A directory for what the nodes of a red schedule logged.
    let logs: String?

    /// Whether schedules are asked for.
    static var isWanted: Bool { environment("PROPERTY_SCHEDULES") != nil }

    init() {
        schedules = environment("PROPERTY_SCHEDULES").flatMap(Int.init) ?? 0
        seed = environment("PROPERTY_SEED").flatMap(UInt64.init) ?? .random(in: 1...999_999_999)
        lanes = environment("PROPERTY_LANES").flatMap(Int.init) ?? 3
        logs = environment("PROPERTY_LOGS")
    }

    /// The seed of one schedule; that of the first is the run's own, so that a schedule replays by its seed alone.
    func seed(of number: Int) -> UInt64 {
        guard number > 0 else { return seed }
        var random = SplitMix64(seed: seed).branch(UInt64(number))
        return random.next() % 1_000_000_000
    }
}
