import Domain
import IOCore
import Support
import Testing

@Suite struct MemoryLimitStoreTests {
    @Test func `the twin counts as the store does`() async throws {
        try await onLoop { _ in
            let store = MemoryLimitStore()
            try await LimitScenarios(store) { time in store.now += time.components.seconds * 1_000_000 }.run()
        }
    }
}
