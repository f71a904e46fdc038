internal import Glibc

/// `duologue-simulate`: runs the write protocol on simulated stores, networks and crashes.
@main
enum Main {
    private static let usage = """
        duologue-simulate [N]                      run N seeds (10000) on all cores; exit 1 if one breaks a promise
        duologue-simulate [N] --from SEED          begin at another seed than 1
        duologue-simulate --replay SEED [--bug B]  run one seed and tell what happens
        duologue-simulate [N] --bug B              plant a mistake; exit 1 unless one of N seeds finds it
        duologue-simulate [N] --all-bugs           plant each of them in turn

        """

    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard let options = Options(arguments) else {
            print(usage + "mistakes: " + PlantedBug.allCases.map(\.rawValue).joined(separator: " "))
            exit(2)
        }
        exit(await run(options) ? 0 : 1)
    }

    private static func run(_ options: Options) async -> Bool {
        if let seed = options.replay { return replay(seed, options.bug) }
        guard options.allBugs else { return await campaign(options, options.bug) }
        var isGood = true
        for bug in PlantedBug.allCases { isGood = await campaign(options, bug) && isGood }
        return isGood
    }

    private static func replay(_ seed: UInt64, _ bug: PlantedBug?) -> Bool {
        var simulation = Simulation(seed: seed, bug: bug, tellsStory: true)
        let violation = simulation.run()
        for line in simulation.story ?? [] { print(line) }
        return violation == nil
    }

    /// Whether it went as it should: no finding without a mistake, and one with it.
    private static func campaign(_ options: Options, _ bug: PlantedBug?) async -> Bool {
        let start = ContinuousClock.now
        let threads = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let (finding, steps) = await Campaign(first: options.first, count: options.count, bug: bug).run(
            threads: threads
        )
        let name = bug.map { "planted \($0.rawValue): " } ?? ""
        if let finding {
            print("\(name)seed \(finding.seed) breaks \(finding.violation)")
            if bug == nil { print("replay it with: duologue-simulate --replay \(finding.seed)") }
        } else {
            print("\(name)\(options.count) seeds, \(steps) steps, nothing found, \(ContinuousClock.now - start)")
        }
        return (finding != nil) == (bug != nil)
    }
}

/// What the command line asks for.
private struct Options {
    var count = 10_000
    var first: UInt64 = 1
    var replay: UInt64?
    var bug: PlantedBug?
    var allBugs = false

    init?(_ arguments: [String]) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--all-bugs": allBugs = true
            case "--from":
                guard let seed = rest.popFirst().flatMap({ UInt64($0) }) else { return nil }
                first = seed
            case "--replay":
                guard let seed = rest.popFirst().flatMap({ UInt64($0) }) else { return nil }
                replay = seed
            case "--bug":
                guard let bug = rest.popFirst().flatMap({ PlantedBug(rawValue: $0) }) else { return nil }
                self.bug = bug
            default:
                guard let count = Int(argument), count > 0 else { return nil }
                self.count = count
            }
        }
    }
}
