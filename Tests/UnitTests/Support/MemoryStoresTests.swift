import Support
import Testing

@Suite struct MemoryStoresTests {
    @Test(arguments: StoreScenario.all)
    func `the twins keep the promises of the ports`(scenario: StoreScenario) async throws {
        try await onLoop { _ in try await scenario.run(MemoryStores().ports) }
    }
}
