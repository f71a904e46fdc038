import Domain
import Support
import Testing

/// What the cache promises, of the twin; of Redis see the integration tests.
@Suite struct ReadCacheTests {
    @Test(arguments: ReadCacheScenario.all)
    func `the twin keeps the promises of the cache`(scenario: ReadCacheScenario) async throws {
        try await onLoop { _ in try await scenario.run(MemoryReadCache()) {} }
    }
}
