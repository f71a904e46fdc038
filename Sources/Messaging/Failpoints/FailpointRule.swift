#if FAILPOINTS
/// What happens at one failpoint, and at which of its passages.
struct FailpointRule: Sendable, Equatable {
    enum Action: Sendable, Equatable {
        /// The process kills itself, as `kill -9` would.
        case kill
        /// The process stops itself until somebody sends SIGCONT.
        case stop
        case delay(Duration)
        /// The step fails with an outcome that is unknown.
        case error
    }

    enum Trigger: Sendable, Equatable {
        case always
        /// Counted from 1, for each failpoint.
        case passages(ClosedRange<Int>)
        case percent(Int)
    }

    let point: Failpoint
    let action: Action
    let trigger: Trigger

    /// What is wrong with a rule's text.
    struct Invalid: Error {
        let problem: String
    }

    /// Reads `step=action`, with `@n`, `@n-m`, `@n-` or `%p` behind it.
    init(_ text: Substring) throws(Invalid) {
        let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let point = Failpoint(rawValue: String(sides[0])) else {
            throw Invalid(problem: "there is no step \(sides[0]); `duologue failpoints` lists them")
        }
        guard sides.count == 2 else { throw Invalid(problem: "\(text) does not say what is to happen") }
        let split = sides[1].firstIndex { $0 == "@" || $0 == "%" } ?? sides[1].endIndex
        guard let action = Self.action(sides[1][..<split]) else {
            throw Invalid(problem: "\(text): the action must be kill, stop, error or delay:TIME, as in delay:200ms")
        }
        guard let trigger = Self.trigger(sides[1][split...]) else {
            throw Invalid(problem: "\(text): the passages must be @17, @3-5, @3- or a probability such as %10")
        }
        self.point = point
        self.action = action
        self.trigger = trigger
    }

    private static func action(_ text: Substring) -> Action? {
        switch text {
        case "kill": return .kill
        case "stop": return .stop
        case "error": return .error
        default:
            guard text.hasPrefix("delay:") else { return nil }
            return duration(text.dropFirst("delay:".count)).map(Action.delay)
        }
    }

    private static func duration(_ text: Substring) -> Duration? {
        if text.hasSuffix("ms") { return count(text.dropLast(2)).map { .milliseconds($0) } }
        if text.hasSuffix("s") { return count(text.dropLast()).map { .seconds($0) } }
        return nil
    }

    private static func trigger(_ text: Substring) -> Trigger? {
        guard let sign = text.first else { return .always }
        let rest = text.dropFirst()
        if sign == "%" {
            guard let percent = count(rest), (1...100).contains(percent) else { return nil }
            return .percent(percent)
        }
        let ends = rest.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = count(ends[0]), first > 0 else { return nil }
        guard ends.count == 2 else { return .passages(first...first) }
        if ends[1].isEmpty { return .passages(first...Int.max) }
        guard let last = count(ends[1]), last >= first else { return nil }
        return .passages(first...last)
    }

    /// Digits only: `Int` would take signs as well.
    private static func count(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
    }
}
#endif
