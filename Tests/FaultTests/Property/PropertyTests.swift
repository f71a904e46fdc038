import Support
import Testing

/// Random schedules on two nodes, as the environment asks for them.
@Suite(.serialized, .enabled(if: PropertySettings.isWanted, "schedules are started by make property"))
struct PropertyTests {
    @Test
    func `whatever happens, each client ends up with what a fetch answers, by a log without holes and doubles`()
        async throws
    {
        try await PropertyRun(PropertySettings()).run()
    }
}
