import Glibc
import Testing

/// A Postgres server of one test's own, which it may stop, kill and start again.
///
/// Postgres refuses to run as root, so everything goes through `su postgres` there.
final class PrivatePostgres: Sendable {
    let port: Int
    private let directory: String

    /// Where Debian installs the server's programs.
    private static let programs = "/usr/lib/postgresql/15/bin"

    var url: String { "postgresql://postgres@127.0.0.1:\(port)/postgres" }

    /// Makes a cluster and starts it.
    init() throws {
        port = Int.random(in: 20_000..<30_000)
        directory = "/tmp/duologue-postgres-\(getpid())-\(port)"
        try shell("\(Self.programs)/initdb -D \(directory) -U postgres -A trust -N >/dev/null")
        try start()
    }

    func start() throws {
        let options = "-p \(port) -k \(directory) -c listen_addresses=127.0.0.1 -c fsync=off"
        // After a kill the memory of the last server may be in use until its children have gone.
        let command = "\(Self.programs)/pg_ctl -D \(directory) -o '\(options)' -l \(directory)/log -w start >/dev/null"
        try shell("for n in 1 2 3 4 5 6 7 8; do \(command) && exit 0; sleep 0.3; done; exit 1")
    }

    /// Ends all of its processes as a power cut would.
    func kill() throws { try signal("KILL") }
    /// Stops all of its processes where they are; `signal("CONT")` lets them go on.
    func freeze() throws { try signal("STOP") }
    func thaw() throws { try signal("CONT") }

    /// Ends the server and removes its files.
    func remove() {
        try? signal("CONT")
        try? signal("KILL")
        try? shell("rm -rf \(directory)")
    }

    /// The postmaster and its children, by the pid it wrote down.
    private func signal(_ name: String) throws {
        try shell("p=$(head -1 \(directory)/postmaster.pid) && c=$(pgrep -P $p || true) && kill -\(name) $p $c")
    }

    private func shell(_ command: String) throws {
        let asOwner = getuid() == 0 ? "su postgres -c \"\(command.replacingDollar)\"" : command
        struct Failed: Error { let command: String }
        guard unsafe system("cd /tmp && " + asOwner) == 0 else { throw Failed(command: command) }
    }
}

extension String {
    /// Keeps the outer shell from expanding what is meant for the inner one.
    fileprivate var replacingDollar: String {
        split(separator: "$", omittingEmptySubsequences: false).joined(separator: "\\$")
    }
}
