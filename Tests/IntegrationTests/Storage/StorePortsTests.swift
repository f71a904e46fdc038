import Domain
import Glibc
import IOCore
import Storage
import Support
import Testing

/// What the twins in memory promise, of the real stores.
@Suite(.serialized, .realTime) struct StorePortsTests {
    @Test(arguments: StoreScenario.all)
    func `the real stores keep the promise`(_ scenario: StoreScenario) async throws {
        try await StorageFixture.run { _, stores in
            let ports = StorePorts(
                accounts: stores.accounts,
                administration: stores.administration,
                people: stores.people,
                relations: stores.relations,
                directory: stores.chats,
                log: stores.commitLog,
                history: stores.history,
                purges: stores.purges,
                bodies: stores.bodies,
                tickets: stores.tickets,
                reads: stores.reads,
                now: now
            )
            try await scenario.run(ports)
        }
    }
}

/// The stores' clock is this machine's, in a test.
private func now() -> Timestamp {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
}
