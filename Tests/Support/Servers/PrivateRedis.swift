/// A Redis server of a test's own, which it may kill, freeze and start again on the same port.
package final class PrivateRedis: Sendable {
    private let server: ServerProcess

    package var port: Int { server.port }
    package var url: String { "redis://127.0.0.1:\(port)" }

    /// Whether it has not ended.
    package var isRunning: Bool { server.isRunning }

    /// Starts a server, which would write to `disk`, and waits until it accepts connections.
    package init(disk: String = "/tmp") async throws {
        server = try ServerProcess("redis") { port, _ in
            [
                "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                "--logfile", "/dev/null", "--dir", disk,
            ]
        }
        try await start()
    }

    /// Starts it again after `kill()`, empty.
    package func start() async throws { try await server.start { FreePort.accepts(port) } }

    /// Lets it write its data to disk as it changes, from now until its next start.
    package func savesToDisk() async throws {
        try await ServerProcess.run(["redis-cli", "-p", "\(port)", "config", "set", "save", "1 1"])
    }

    /// Makes it write its data to disk; true when that failed.
    package func findsDiskFull() async -> Bool {
        (try? await ServerProcess.run(["redis-cli", "-e", "-p", "\(port)", "save"])) == nil
    }

    /// Ends it as a crash would.
    package func kill() { server.kill() }

    /// Freezes it: its connections stay open and nothing answers.
    package func freeze() { server.freeze() }

    /// Lets it go on.
    package func thaw() { server.thaw() }
}
