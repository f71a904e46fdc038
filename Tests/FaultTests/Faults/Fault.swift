import IOCore
import Support

/// Something that goes wrong, and how it ends.
///
/// A value may keep in itself what `inject` did, for `heal` to undo. `heal` leaves every process running that was; what it
/// takes from there is the servers' business.
protocol Fault {
    /// As the table has it.
    var name: String { get }
    /// How long it lasts, in milliseconds; the seed decides.
    var lasts: ClosedRange<Int> { get }
    /// Whether it is too long for a short campaign.
    var isLong: Bool { get }
    /// What it needs that the machine does not have.
    func obstacle(_ cluster: FaultCluster) -> String?
    /// Before the load begins.
    mutating func prepare(_ scene: FaultScene) async throws
    /// Under load.
    mutating func inject(_ scene: FaultScene) async throws
    /// Under load.
    mutating func heal(_ scene: FaultScene) async throws
    /// After everything was checked.
    mutating func cleanUp(_ scene: FaultScene) async throws
}

extension Fault {
    var lasts: ClosedRange<Int> { 0...0 }
    var isLong: Bool { false }
    func obstacle(_ cluster: FaultCluster) -> String? { nil }
    mutating func prepare(_ scene: FaultScene) async throws {}
    mutating func heal(_ scene: FaultScene) async throws {}
    mutating func cleanUp(_ scene: FaultScene) async throws {}
}

/// What a fault works on.
///
/// Loop-bound.
final class FaultScene {
    let cluster: FaultCluster
    let load: MixedLoad
    /// Decides everything that the fault chooses.
    var random: SplitMix64
    /// Processes that ended by force.
    var kills = 0

    init(_ cluster: FaultCluster, _ load: MixedLoad, _ random: SplitMix64) {
        self.cluster = cluster
        self.load = load
        self.random = random
    }

    /// A node that the seed chooses.
    func pickNode() -> FaultNode { random.pick(cluster.nodes) }

    func sleep(for duration: Duration) async { await cluster.loop.sleep(for: duration) }

    /// Returns once `condition` holds, or when time is up.
    func wait(atMost limit: Duration, until condition: () -> Bool) async {
        let end = cluster.loop.now + limit
        while !condition(), cluster.loop.now < end { await sleep(for: .milliseconds(20)) }
    }

    /// kill -9 of a node, where it has not ended by itself.
    func kill(_ node: FaultNode) {
        guard node.isRunning else { return }
        node.server.kill()
        kills += 1
    }
}

/// The fault did not come about as it should; the round proves nothing.
struct FaultDidNotHappen: Error, CustomStringConvertible {
    let description: String
}
