import IOCore
import Postgres
import Support
import Testing

/// The server the tests share; each test makes tables of its own names.
let sharedPostgresURL = environment("POSTGRESQL_URL") ?? "postgresql://postgres@127.0.0.1:5432/postgres"

/// Runs `body` on a loop with a client that is connected and shut down afterwards.
func withPostgres<Value: Sendable>(
    url: String = sharedPostgresURL,
    configure: (inout PostgresConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (PostgresClient, EventLoop) async throws -> Value
) async throws -> Value {
    var configuration = try PostgresConfiguration(url: url)
    configuration.applicationName = "duologue-tests"
    // Tests of deadlines say which; no other depends on how long a server that is well may stand still.
    configuration.deadline = .seconds(30)
    configure(&configuration)
    let settled = configuration
    let loop = EventLoop(name: "test")
    let blocking = BlockingPool(name: "connect", threads: 2, queueLimit: 64)
    loop.start()
    let client = await loop.actor.run { actor in
        LoopBound(PostgresClient(configuration: settled, loop: actor.loop, blocking: blocking), loop: actor.loop)
    }
    let result: Result<Value, any Error> = await withTaskGroup(of: Void.self) { group in
        group.addTask(executorPreference: loop) { await loop.actor.run { _ in await client.value.run() } }
        let result: Result<Value, any Error>
        do {
            result = .success(try await loop.run { _ in try await body(client.value, loop) })
        } catch {
            result = .failure(error)
        }
        await loop.actor.run { _ in await client.value.shutdown(grace: .seconds(1)) }
        return result
    }
    loop.stop()
    blocking.shutdown()
    return try result.get()
}

/// Runs `count` copies of `body` at the same time on the client's loop; the results in the order of their numbers.
func concurrently<Value: Sendable>(
    _ count: Int,
    _ client: PostgresClient,
    _ loop: EventLoop,
    _ body: @escaping @Sendable (PostgresClient, Int) async throws(PostgresError) -> Value
) async -> [Result<Value, PostgresError>] {
    let box = LoopBound(client, loop: loop)
    return await withTaskGroup(of: (Int, Result<Value, PostgresError>).self) { group in
        for number in 0..<count {
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in
                    do throws(PostgresError) {
                        return (number, .success(try await body(box.value, number)))
                    } catch {
                        return (number, .failure(error))
                    }
                }
            }
        }
        var results: [(Int, Result<Value, PostgresError>)] = []
        for await result in group { results.append(result) }
        return results.sorted { $0.0 < $1.0 }.map(\.1)
    }
}

/// The error `body` throws; fails the test if it throws none.
func postgresFailure(_ body: () async throws -> Void) async -> PostgresError? {
    do {
        try await body()
        Issue.record("no error was thrown")
        return nil
    } catch {
        return error as? PostgresError
    }
}
