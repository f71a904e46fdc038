/// Tells differences from writes that are under way.
///
/// What differs at first sight is a suspect. Each later look at it either shows that it was changing, that nothing is wrong
/// any more, or that it still differs; only one that differs in the same way at several looks in a row, with nothing under
/// way at any of them, is a finding.
package struct Suspicion<Key: Hashable & Comparable & Sendable>: Sendable {
    /// What one look showed.
    package enum Observation: Sendable, Equatable {
        /// Postgres changed during the look, or a redo row still covers the place.
        case moving
        /// It stood still, and differed so; empty when nothing is wrong.
        case still([FindingKind])
    }

    /// What is known of a suspect in the end.
    package enum Verdict: Sendable, Equatable {
        case confirmed([FindingKind])
        /// It changed at every look.
        case unsettled
    }

    private struct Trial {
        var kinds: [FindingKind] = []
        var streak = 0
        var moves = 0
    }

    /// Looks in a row that have to agree.
    package static var looks: Int { 3 }
    /// Looks at a place that keeps changing before it is left alone.
    package static var patience: Int { 40 }

    private var trials: [Key: Trial]
    /// Suspects that need another look, ascending.
    package var pending: [Key] { trials.keys.sorted() }
    /// Whether every suspect is settled.
    package var isDone: Bool { trials.isEmpty }

    /// Begins with what differed at first sight.
    package init(_ suspects: some Sequence<Key>) {
        trials = Dictionary(suspects.map { ($0, Trial()) }) { first, _ in first }
    }

    /// Takes one look at every pending suspect, and returns those it settled as findings or as never still.
    package mutating func look(_ observe: (Key) -> Observation) -> [(key: Key, verdict: Verdict)] {
        var settled: [(key: Key, verdict: Verdict)] = []
        for key in pending {
            guard var trial = trials[key] else { continue }
            trials[key] = nil
            switch observe(key) {
            case .still([]): continue
            case .still(let kinds):
                trial.streak = kinds == trial.kinds ? trial.streak + 1 : 1
                trial.kinds = kinds
                if trial.streak >= Self.looks {
                    settled.append((key, .confirmed(kinds)))
                    continue
                }
            case .moving:
                trial.streak = 0
                trial.moves += 1
                if trial.moves >= Self.patience {
                    settled.append((key, .unsettled))
                    continue
                }
            }
            trials[key] = trial
        }
        return settled
    }
}
