internal import Glibc
internal import IOCore
internal import Mongo

/// Where `mongod` is: `MONGOD`, else `.local/bin/mongod` in the package.
package func mongodPath() -> String? {
    [environment("MONGOD"), ".local/bin/mongod"].compactMap(\.self).first { unsafe access($0, X_OK) == 0 }
}

/// A replica set of one `mongod` that belongs to one test, so that the test may kill and stop it.
package final class PrivateMongoServer: Sendable {
    private let server: ServerProcess

    package var port: Int { server.port }

    /// Starts a server on a free port and waits until it is primary.
    package init() async throws {
        guard let executable = mongodPath() else {
            throw ServerProcess.Failure(message: "there is no mongod; set MONGOD")
        }
        server = try ServerProcess("mongod") { port, directory in
            [
                executable, "--replSet", "private", "--bind_ip", "127.0.0.1", "--port", String(port), "--dbpath",
                directory, "--wiredTigerCacheSizeGB", "0.25", "--logpath", directory + "/log", "--logappend",
                "--nounixsocket",
            ]
        }
        guard unsafe mkdir(server.directory, 0o700) == 0 else {
            throw ServerProcess.Failure(message: "no directory \(server.directory)")
        }
        try await start()
        try await initiate()
    }

    /// What a client is given; `options` goes behind the question mark.
    package func url(options: String = "replicaSet=private") -> String {
        "mongodb://127.0.0.1:\(port)/?\(options)"
    }

    /// Starts the process again after `kill()`.
    package func start() async throws { try await server.start { FreePort.accepts(port) } }

    /// SIGKILL: the machine lost power.
    package func kill() { server.kill() }

    /// SIGSTOP: connections stay open and nothing answers.
    package func freeze() { server.freeze() }

    /// SIGCONT.
    package func thaw() { server.thaw() }

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
            (try? await client.command(hello).bool("isWritablePrimary")) == true
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
}
