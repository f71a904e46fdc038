#if FAILPOINTS
package import Domain
package import IOCore
internal import Glibc
internal import Synchronization

/// The failpoints that this process was told to heed, and how often each was passed.
///
/// Only debug builds have any.
package final class Failpoints: Sendable {
    /// The variable that sets them.
    package static let variable = "DUOLOGUE_FAILPOINTS"

    /// What is wrong with the variable's text.
    package struct Invalid: Error {
        package let problem: String
    }

    private let rules: [FailpointRule]
    private let logger: Logger
    private let state: Mutex<State>

    private struct State {
        var passages: [Failpoint: Int] = [:]
        var generator: SplitMix64
    }

    /// Reads rules separated by commas, and `seed=n` for those with a probability.
    package init(_ text: String, logger: Logger) throws(Invalid) {
        var rules: [FailpointRule] = []
        var seed: UInt64 = 1
        for part in text.split(separator: ",") {
            if part.hasPrefix("seed=") {
                guard let number = UInt64(part.dropFirst("seed=".count)) else {
                    throw Invalid(problem: "\(part): a seed is a whole number")
                }
                seed = number
                continue
            }
            do throws(FailpointRule.Invalid) {
                rules.append(try FailpointRule(part))
            } catch {
                throw Invalid(problem: error.problem)
            }
        }
        self.rules = rules
        self.logger = logger
        state = Mutex(State(generator: SplitMix64(state: seed)))
    }

    /// Passes a step: returns, returns later, throws, or does not return.
    ///
    /// - Throws: `StoreError` with an unknown outcome, in the name of `store`.
    package func pass(_ point: Failpoint, of store: StoreError.Store, on loop: EventLoop) async throws {
        try await act(due(point), at: point, of: store, on: loop)
    }

    /// Counts a passage; what is to happen at it.
    func due(_ point: Failpoint) -> FailpointRule.Action? {
        guard rules.contains(where: { $0.point == point }) else { return nil }
        return state.withLock { state in
            state.passages[point, default: 0] += 1
            let passage = state.passages[point] ?? 0
            return rules.first { rule in
                guard rule.point == point else { return false }
                switch rule.trigger {
                case .always: return true
                case .passages(let range): return range.contains(passage)
                case .percent(let percent): return Int.random(in: 0..<100, using: &state.generator) < percent
                }
            }?.action
        }
    }

    func act(
        _ action: FailpointRule.Action?,
        at point: Failpoint,
        of store: StoreError.Store,
        on loop: EventLoop
    ) async throws {
        switch action {
        case nil: break
        case .kill: raise(SIGKILL)
        case .stop: raise(SIGSTOP)
        case .delay(let duration):
            logger.warning("failpoint delays", ["step": .string(point.rawValue)])
            await loop.sleep(for: duration)
        case .error:
            logger.warning("failpoint fails", ["step": .string(point.rawValue)])
            throw StoreError(store, .unknown, "failpoint \(point.rawValue)")
        }
    }
}

/// Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
#endif
