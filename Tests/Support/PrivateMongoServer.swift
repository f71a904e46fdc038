internal import Glibc
internal import IOCore
internal import Mongo

/// Where `mongod` is: `MONGOD`, else `.local/bin/mongod` in the package, else the fallback of a development machine.
package func mongodPath() -> String? {
    let given = unsafe getenv("MONGOD").map { unsafe String(cString: $0) }
    return [given, ".local/bin/mongod", "/tmp/mongo/mongod"].compactMap(\.self)
        .first { unsafe access($0, X_OK) == 0 }
}

/// A replica set of one `mongod` that belongs to one test, so that the test may kill and stop it.
package final class PrivateMongoServer {
    /// Why a server did not come up.
    package struct Failure: Error {
        package let message: String
    }

    package let port: UInt16
    private let directory: String
    private let executable: String
    private var process: pid_t = 0

    /// Starts a server on a free port and waits until it is primary.
    package init() async throws {
        guard let executable = mongodPath() else { throw Failure(message: "there is no mongod; set MONGOD") }
        self.executable = executable
        port = try Self.freePort()
        directory = "/tmp/duologue-mongod-\(getpid())-\(port)"
        guard unsafe mkdir(directory, 0o700) == 0 else { throw Failure(message: "no directory \(directory)") }
        try launch()
        try await initiate()
    }

    deinit {
        if process != 0 { kill() }
        removeDirectory()
    }

    /// What a client is given; `options` goes behind the question mark.
    package func url(options: String = "replicaSet=private") -> String {
        "mongodb://127.0.0.1:\(port)/?\(options)"
    }

    /// Starts the process again after `kill()`.
    package func launch() throws {
        let arguments = [
            executable, "--replSet", "private", "--bind_ip", "127.0.0.1", "--port", String(port), "--dbpath", directory,
            "--wiredTigerCacheSizeGB", "0.25", "--logpath", directory + "/log", "--logappend", "--nounixsocket",
        ]
        process = try Self.spawn(arguments)
    }

    /// SIGKILL: the machine lost power.
    package func kill() {
        _ = Glibc.kill(process, SIGKILL)
        _ = waitpid(process, nil, 0)
        process = 0
    }

    /// SIGSTOP: connections stay open and nothing answers.
    package func suspend() {
        _ = Glibc.kill(process, SIGSTOP)
    }

    /// SIGCONT.
    package func resume() {
        _ = Glibc.kill(process, SIGCONT)
    }

    private func initiate() async throws {
        var configuration = MongoConfiguration(url: url(options: "directConnection=true"), database: "admin")
        configuration.threads = 1
        let client = try MongoClient(configuration, logger: Logger(label: "mongod"))
        defer { client.shutdown() }
        let member = BSONDocument { writer in
            writer.int32("_id", 0)
            writer.string("host", "127.0.0.1:\(port)")
        }
        let command = BSONDocument { writer in
            writer.document("replSetInitiate") { set in
                set.string("_id", "private")
                set.array("members") { $0.append(.document(member)) }
            }
        }
        try await eventually("mongod starts") { try await Self.isInitiated(client, command) }
        let hello = BSONDocument { $0.int32("hello", 1) }
        try await eventually("mongod becomes primary") {
            try await client.command(hello).bool("isWritablePrimary")
        }
    }

    private static func isInitiated(_ client: MongoClient, _ command: BSONDocument) async throws -> Bool {
        let alreadyInitialised: Int32 = 23
        do {
            _ = try await client.command(command)
            return true
        } catch {
            return error.code == .server(alreadyInitialised)
        }
    }

    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard result else { throw Failure(message: "no free port") }
        return UInt16(bigEndian: address.sin_port)
    }

    private static func spawn(_ arguments: [String]) throws -> pid_t {
        var child: pid_t = 0
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var vector = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe vector.forEach { unsafe free($0) } }
        let result = unsafe posix_spawn(&child, arguments[0], &actions, nil, &vector, environ)
        guard result == 0 else { throw Failure(message: "mongod does not start: \(result)") }
        return child
    }

    private func removeDirectory() {
        _ = try? Self.spawn(["/bin/rm", "-rf", directory])
    }
}

/// Polls `condition` until it holds; throws when it does not within `deadline`.
package func eventually(
    _ what: String,
    within deadline: Duration = .seconds(30),
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + deadline
    repeat {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(50))
    } while .now < end
    throw PrivateMongoServer.Failure(message: "not within \(deadline): \(what)")
}
