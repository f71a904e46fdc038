package import Glibc

/// A process that belongs to one test and does not outlive the test process.
///
/// A second, tiny process waits for the end of a pipe whose other end is here, and then kills the first: what a death
/// signal of the kernel's would do, were it not bound to the thread that started the child.
package final class ChildProcess {
    /// A process that could not be started, or did not end in time.
    package struct Failure: Error {
        package let message: String
    }

    package let id: pid_t
    private let leash: pid_t
    private let leashEnd: Int32
    private var status: Int32?

    /// Starts `arguments[0]` with just this environment; its output is added to the file at `output`.
    package init(_ arguments: [String], environment: [String: String], output: String) throws {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { throw Failure(message: "no pipe: \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let variables = environment.map { "\($0.key)=\($0.value)" }
        id = try Self.spawn(arguments, variables, input: nil, output: output)
        let command = "read ignored; kill -9 \(id)"
        leash = try Self.spawn(["/bin/sh", "-c", command], [], input: ends[0], output: "/dev/null")
        leashEnd = ends[1]
        close(ends[0])
    }

    deinit {
        kill()
        // Before the other end is closed, or it would kill whoever has the number by now.
        _ = Glibc.kill(leash, SIGKILL)
        _ = waitpid(leash, nil, 0)
        close(leashEnd)
    }

    /// Whether it has not ended.
    package var isRunning: Bool {
        poll()
        return status == nil
    }

    /// How it ended: a status, or the number of a signal; nil while it runs.
    package var end: String? {
        poll()
        return status.map { $0 & 0x7F == 0 ? "status \($0 >> 8 & 0xFF)" : "signal \($0 & 0x7F)" }
    }

    /// Sends a signal, unless it has ended.
    package func signal(_ number: Int32) {
        if isRunning { _ = Glibc.kill(id, number) }
    }

    /// SIGKILL, and waits for the end; without effect afterwards.
    package func kill() {
        guard status == nil else { return }
        _ = Glibc.kill(id, SIGKILL)
        var status: Int32 = 0
        _ = unsafe waitpid(id, &status, 0)
        self.status = status
    }

    /// The exit status once it ends by itself; nil when a signal ended it.
    package func exitStatus(within limit: Duration) async throws -> Int32? {
        try await eventually("the process ends", within: limit) { !isRunning }
        guard let status, status & 0x7F == 0 else { return nil }
        return status >> 8 & 0xFF
    }

    private func poll() {
        guard status == nil else { return }
        var status: Int32 = 0
        if unsafe waitpid(id, &status, WNOHANG) == id { self.status = status }
    }

    private static func spawn(
        _ arguments: [String],
        _ environment: [String],
        input: Int32?,
        output: String
    ) throws -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        if let input {
            unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        unsafe posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // A socket it inherited would stay open when the test closes it.
        for descriptor in Int32(3)..<1_024 { unsafe posix_spawn_file_actions_addclose(&actions, descriptor) }
        var argumentVector = unsafe arguments.map { unsafe strdup($0) } + [nil]
        var environmentVector = unsafe environment.map { unsafe strdup($0) } + [nil]
        defer {
            unsafe argumentVector.forEach { unsafe free($0) }
            unsafe environmentVector.forEach { unsafe free($0) }
        }
        var child: pid_t = 0
        let result = unsafe posix_spawn(&child, arguments[0], &actions, nil, &argumentVector, &environmentVector)
        guard result == 0 else { throw Failure(message: "\(arguments[0]) does not start: error \(result)") }
        return child
    }
}
