import Support
import Testing

/// Rounds of faults against a cluster of its own, as the environment asks for them.
@Suite(.serialized, .enabled(if: CampaignSettings.isWanted, "a campaign is started by make fault"))
struct CampaignTests {
    @Test func `every promise holds through every fault`() async throws {
        let settings = CampaignSettings()
        var next = 0
        // A round that broke something leaves it behind, so the next one gets a new cluster.
        while next < settings.rounds {
            let first = next
            let done = try await CampaignRun(settings, first: first).run()
            next = done
            guard next > first else { break }
        }
    }
}

/// What campaigns have added up.
@Suite(.enabled(if: environment("FAULT_RENDER") != nil, "the table is printed by scripts/fault.sh table"))
struct CampaignTableTests {
    @Test func `the rounds add up to a table`() {
        print(FaultTable(lines: FileSystem.text(environment("FAULT_TABLE") ?? "")).markdown)
    }
}
