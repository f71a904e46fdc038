internal import Glibc
internal import IOCore
internal import Synchronization

/// A server program that belongs to one test, which may kill it, freeze it and start it again on the same port.
///
/// It has a port of its own and a directory that goes with it. The kernel kills it when the test process ends, however
/// that comes about, so no run leaves servers behind.
package final class ServerProcess: Sendable {
    /// Why a program did not do what it was started for.
    package struct Failure: Error {
        package let message: String
    }

    package let port: Int
    package let directory: String
    private let command: [String]
    private let process = Mutex<pid_t>(0)

    /// What makes a program die with this process; root also becomes `user`, for a server that refuses to be root.
    private static func wrapper(user: String?) -> [String] {
        let identity = user.map { ["--reuid", $0, "--regid", $0, "--init-groups"] } ?? []
        return ["setpriv", "--pdeathsig", "KILL"] + (getuid() == 0 ? identity : []) + ["--"]
    }

    /// The thread that starts programs.
    ///
    /// The kernel counts the end of the starting thread, not of its process, as the parent's death, and the threads of
    /// tasks come and go. This one stays.
    private static let starter = BlockingPool(name: "starter", threads: 1, queueLimit: 1_024)

    /// Reserves a port and names a directory, below `disk` where that is given; nothing runs before `start`.
    package init(
        _ name: String,
        user: String? = nil,
        disk: String? = nil,
        command: (_ port: Int, _ directory: String) -> [String]
    ) throws {
        port = try FreePort.reserve()
        directory = "\(disk ?? "/tmp")/duologue-\(name)-\(getpid())-\(port)"
        self.command = Self.wrapper(user: user) + command(port, directory)
    }

    deinit {
        kill()
        _ = try? Self.spawn(["rm", "-rf", directory])
    }

    /// Starts the program and returns when it is ready.
    ///
    /// A program that ends before that is started again: what the last one held may be in use for a moment after its end.
    package func start(isReady: () async throws -> Bool) async throws {
        try await eventually("\(command) is ready") {
            if isEnded() { try await launch() }
            return try await isReady()
        }
    }

    /// Whether the program has not ended.
    package var isRunning: Bool { !isEnded() }

    /// Starts the program without waiting for it.
    package func launch() async throws {
        let command = command
        let started = try await Self.starter.run { try Self.spawn(command) }
        process.withLock { $0 = started }
    }

    /// SIGKILL to it and its children: the machine lost power.
    package func kill() {
        signalAll(SIGKILL)
        let ended = process.withLock { process in
            defer { process = 0 }
            return process
        }
        if ended > 0 { _ = waitpid(ended, nil, 0) }
    }

    /// SIGSTOP to it and its children: connections stay open and nothing answers.
    ///
    /// Returns when all have stopped: until the first of its threads gets a turn to see the signal, a busy server works on.
    package func freeze() {
        signalAll(SIGSTOP)
        process.withLock { process in
            guard process > 0 else { return }
            _ = waitpid(process, nil, WUNTRACED)
            for child in Self.children(of: process) {
                while !Self.isStopped(child) { usleep(1_000) }
            }
        }
    }

    /// SIGCONT.
    package func thaw() { signalAll(SIGCONT) }

    /// Runs a program to its end.
    ///
    /// - Throws: ``Failure`` when it does not end with zero.
    package static func run(_ command: [String], user: String? = nil) async throws {
        let command = wrapper(user: user) + command
        let status = try await starter.run {
            var status: Int32 = 0
            let child = try spawn(command)
            _ = unsafe waitpid(child, &status, 0)
            return status
        }
        guard status == 0 else { throw Failure(message: "\(command) ended with \(status)") }
    }

    private func isEnded() -> Bool {
        process.withLock { process in
            if process > 0, waitpid(process, nil, WNOHANG) == process { process = 0 }
            return process == 0
        }
    }

    private func signalAll(_ number: Int32) {
        process.withLock { process in
            // A process id of zero would be this test's whole group.
            guard process > 0 else { return }
            let children = Self.children(of: process)
            // The parent first, so that it cannot make more of them.
            for target in [process] + children { _ = Glibc.kill(target, number) }
        }
    }

    private static func children(of process: pid_t) -> [pid_t] {
        contents(of: "/proc/\(process)/task/\(process)/children").split(separator: " ").compactMap { pid_t($0) }
    }

    /// Whether a process has stopped or ended: its state follows its name, which stands in parentheses.
    private static func isStopped(_ process: pid_t) -> Bool {
        guard let state = contents(of: "/proc/\(process)/stat").split(separator: ") ").last?.first else { return true }
        return "TZX".contains(state)
    }

    private static func contents(of file: String) -> String {
        let descriptor = unsafe open(file, O_RDONLY)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe read(descriptor, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
    }

    /// Starts a program that inherits nothing but the environment: a socket it held would stay open when a test closes it.
    private static func spawn(_ command: [String]) throws -> pid_t {
        var child: pid_t = 0
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, 0, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, 0, 2)
        for descriptor in Int32(3)..<1_024 { unsafe posix_spawn_file_actions_addclose(&actions, descriptor) }
        var arguments = unsafe command.map { unsafe strdup($0) } + [nil]
        defer { unsafe arguments.forEach { unsafe free($0) } }
        let result = unsafe posix_spawnp(&child, command[0], &actions, nil, &arguments, environ)
        guard result == 0 else { throw Failure(message: "\(command) does not start: \(result)") }
        return child
    }
}
