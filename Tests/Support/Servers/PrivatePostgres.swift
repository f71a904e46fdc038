/// A Postgres server of one test's own, which it may kill, freeze and start again on the same port.
package final class PrivatePostgres: Sendable {
    private let server: ServerProcess

    /// Where Debian installs the server's programs.
    private static let programs = "/usr/lib/postgresql/15/bin"
    /// Postgres refuses to run as root.
    private static let user = "postgres"

    /// What a client is given.
    package var url: String { "postgresql://postgres@127.0.0.1:\(server.port)/postgres" }

    package var port: Int { server.port }
    /// Whether its first process has not ended.
    package var isRunning: Bool { server.isRunning }

    /// Makes a cluster, below `disk` where that is given, starts it and waits until it takes queries.
    package init(disk: String? = nil, settings: [String] = []) async throws {
        server = try ServerProcess("postgres", user: Self.user, disk: disk) { port, directory in
            [
                "\(Self.programs)/postgres", "-D", directory, "-p", "\(port)", "-c", "listen_addresses=127.0.0.1",
                "-c", "unix_socket_directories=", "-c", "fsync=off",
            ] + settings.flatMap { ["-c", $0] }
        }
        let initialise = [
            "\(Self.programs)/initdb", "-D", server.directory, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8",
        ]
        try await ServerProcess.run(initialise, user: Self.user)
        try await start()
    }

    /// Starts it again after `kill()`, with what it had stored.
    package func start() async throws {
        let probe = ["\(Self.programs)/pg_isready", "-q", "-h", "127.0.0.1", "-p", "\(server.port)"]
        try await server.start { (try? await ServerProcess.run(probe)) != nil }
    }

    /// Ends all of its processes as a power cut would.
    package func kill() { server.kill() }

    /// Stops all of its processes where they are.
    package func freeze() { server.freeze() }

    /// Lets them go on.
    package func thaw() { server.thaw() }
}
