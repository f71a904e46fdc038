import Support

/// What a campaign is told, by the environment; nothing runs unless `FAULT_ROUNDS` is set.
struct CampaignSettings: Sendable {
    /// How many rounds.
    let rounds: Int
    /// Decides the order of the faults; it is also the seed of the first round.
    let seed: UInt64
    /// Faults whose names begin with one of these; all where it is empty.
    let kinds: [String]
    /// The file that a line is added to for each round.
    let table: String?
    /// A directory with a small disk for each store, where the caller has made them.
    let disks: String?

    /// Whether a campaign is asked for.
    static var isWanted: Bool { environment("FAULT_ROUNDS") != nil }

    init() {
        rounds = environment("FAULT_ROUNDS").flatMap(Int.init) ?? 0
        seed = environment("FAULT_SEED").flatMap(UInt64.init) ?? .random(in: 1...999_999_999)
        kinds = (environment("FAULT_KINDS") ?? "").split(separator: ",").map(String.init)
        table = environment("FAULT_TABLE")
        disks = environment("FAULT_DISKS")
    }

    /// Long faults are for long campaigns, unless they are asked for by name.
    var takesLongFaults: Bool { rounds >= 60 || !kinds.isEmpty }
}

extension CampaignSettings {
    /// The seed of one round; that of the first is the campaign's own, so that a round replays by its seed alone.
    func seed(ofRound number: Int) -> UInt64 {
        guard number > 0 else { return seed }
        var random = SplitMix64(seed: seed).branch(UInt64(number))
        return random.next() % 1_000_000_000
    }
}
