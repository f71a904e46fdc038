import Testing

@testable import duologue_simulate

/// A slice that a debug build manages; ten thousand seeds, and every mistake, are a step of `make test` of their own.
@Suite struct SimulationTests {
    @Test func `no promise is broken`() async {
        let (finding, steps) = await Campaign(count: 100).run(threads: 2)
        #expect(finding == nil, "\(String(describing: finding))")
        #expect(steps > 10_000)
    }

    @Test func `a seed gives the same run each time`() {
        var stories: [[String]?] = []
        for _ in 0..<2 {
            var simulation = Simulation(seed: 11, tellsStory: true)
            #expect(simulation.run() == nil)
            stories.append(simulation.story)
        }
        #expect(stories[0] == stories[1] && stories[0]?.isEmpty == false)
    }

    @Test(arguments: [
        PlantedBug.publishUnwritten, .earlyAnswer, .earlyDrop, .skipFailed, .forgetFailed, .noDeduplication,
    ])
    func `a planted mistake is found`(bug: PlantedBug) async {
        let (finding, _) = await Campaign(count: 300, bug: bug).run(threads: 2)
        #expect(finding != nil)
    }

    @Test func `events come by time, and at the same time in the order they were scheduled`() {
        var queue = EventQueue<Int>()
        for (event, time) in [(0, 5), (1, 3), (2, 5), (3, 1), (4, 3), (5, 3)] { queue.add(event, at: time) }
        var events: [Int] = []
        while let next = queue.next() { events.append(next.event) }
        #expect(events == [3, 1, 4, 5, 0, 2])
    }
}
