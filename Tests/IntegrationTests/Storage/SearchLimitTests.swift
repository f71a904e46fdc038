import Domain
import IOCore
import Postgres
import Search
import Storage
import Support
import Testing

/// How many searches a loop has under way.
@Suite(.realTime) struct SearchLimitTests {
    private enum Outcome: Equatable {
        case found
        case refused(Failure.Code)
        case failed
    }

    @Test func `of forty searches at once sixteen wait, the others are refused, and then there is room again`()
        async throws
    {
        try await StorageFixture.run { fixture, _ in
            let loop = fixture.loop
            let blocking = BlockingPool(name: "connect", threads: 1, queueLimit: 8)
            defer { blocking.shutdown() }
            var configuration = try PostgresConfiguration(url: fixture.databases.postgresURL)
            configuration.writers = 0
            configuration.sessions = 0
            configuration.deadline = .seconds(60)
            let client = PostgresClient(configuration: configuration, loop: loop, blocking: blocking)
            let (bound, search) = (
                LoopBound(client, loop: loop), LoopBound(PostgresMessageSearch(client: client), loop: loop)
            )
            @Sendable func outcome() async -> Outcome {
                await loop.actor.run { _ in await Self.outcome(of: search.value) }
            }
            await withTaskGroup(of: Void.self) { clients in
                await withTaskGroup(of: Outcome.self) { searches in
                    for _ in 0..<40 { searches.addTask(executorPreference: loop) { await outcome() } }
                    // There is no connection yet, so that none of those which were taken can end.
                    for _ in 0..<24 { #expect(await searches.next() == .refused(.overloaded)) }
                    clients.addTask(executorPreference: loop) {
                        await loop.actor.run { _ in await bound.value.run() }
                    }
                    for _ in 0..<16 { #expect(await searches.next() == .found) }
                }
                #expect(await outcome() == .found)
                await loop.actor.run { _ in await bound.value.shutdown() }
            }
        }
    }

    private static func outcome(of search: PostgresMessageSearch) async -> Outcome {
        do {
            let criteria = try SearchQueryParser.parse("word")
            let page = try await search.search(criteria, for: UserID(rawValue: 1), limit: 10, cursor: nil)
            return page == nil ? .failed : .found
        } catch {
            return (error as? Failure).map { .refused($0.code) } ?? .failed
        }
    }
}
