internal import Glibc
internal import IOCore
internal import Mongo

/// A replica set of three `mongod` that belongs to one test, which may kill and freeze its members.
///
/// Each member is known, to clients and to the others, by the address of a proxy in front of it. Elections come sooner
/// than by default, so that a test of them does not take minutes.
package final class PrivateReplicaSet: Sendable {
    /// In front of the members, in their order.
    package let proxies: [TCPProxy]
    private let members: [ServerProcess]
    private let control: MongoClients

    /// The number of members.
    package var count: Int { members.count }
    /// Where the members keep their data, for tests that fill it.
    package var directories: [String] { members.map(\.directory) }

    /// Starts the members, each below its own of `disks` where they are given, and waits for a primary.
    package init(disks: [String?] = [nil, nil, nil]) async throws {
        guard let executable = mongodPath() else {
            throw ServerProcess.Failure(message: "there is no mongod; set MONGOD")
        }
        var members: [ServerProcess] = []
        var proxies: [TCPProxy] = []
        for disk in disks {
            let member = try ServerProcess("mongod", disk: disk) { Self.command(executable, $0, $1) }
            guard unsafe mkdir(member.directory, 0o700) == 0 else {
                throw ServerProcess.Failure(message: "no directory \(member.directory)")
            }
            members.append(member)
            proxies.append(try await TCPProxy(to: member.port))
        }
        self.members = members
        self.proxies = proxies
        control = try MongoClients(ports: members.map(\.port))
        for index in members.indices { try await start(index) }
        try await initiate()
    }

    /// What a client of the set is given.
    package var url: String {
        "mongodb://" + proxies.map { "127.0.0.1:\($0.port)" }.joined(separator: ",") + "/?replicaSet=private"
    }

    /// The same set by its members' addresses alone: what a checker reads while the proxies misbehave.
    package func directURL(of index: Int) -> String {
        "mongodb://127.0.0.1:\(members[index].port)/?directConnection=true"
    }

    /// Starts a member again after `kill(_:)`.
    package func start(_ index: Int) async throws {
        let member = members[index]
        try await member.start { FreePort.accepts(member.port) }
    }

    /// Whether a member has not ended.
    package func isRunning(_ index: Int) -> Bool { members[index].isRunning }

    /// SIGKILL to a member.
    package func kill(_ index: Int) { members[index].kill() }

    /// SIGSTOP to a member.
    package func freeze(_ index: Int) { members[index].freeze() }

    /// SIGCONT to a member.
    package func thaw(_ index: Int) { members[index].thaw() }

    /// The member that takes writes now; nil when none says so.
    package func primary() async -> Int? {
        for index in members.indices where members[index].isRunning {
            let hello = try? await control[index].command(BSONDocument { $0.int32("hello", 1) }, deadline: .seconds(1))
            if let hello, (try? hello.bool("isWritablePrimary")) == true { return index }
        }
        return nil
    }

    /// Waits until some member takes writes.
    package func waitForPrimary(within limit: Duration = .seconds(120)) async throws -> Int {
        var found: Int?
        try await eventually("the set has a primary", within: limit) {
            found = await primary()
            return found != nil
        }
        return found ?? 0
    }

    /// Waits until every member is primary or secondary.
    package func waitForMembers(within limit: Duration = .seconds(120)) async throws {
        try await eventually("all members serve", within: limit) {
            for index in members.indices {
                let hello = try? await control[index].command(
                    BSONDocument { $0.int32("hello", 1) },
                    deadline: .seconds(1)
                )
                guard let hello else { return false }
                let serves = try hello.bool("isWritablePrimary") || hello.bool("secondary")
                guard serves else { return false }
            }
            return true
        }
    }

    /// Makes the primary give way to another for some seconds; its connections are cut by that.
    package func stepDown() async throws {
        let old = try await waitForPrimary()
        try await eventually("the primary gives way") {
            // Refused while no other has caught up.
            _ = try? await control[old].command(
                BSONDocument {
                    $0.int32("replSetStepDown", 5)
                    $0.int32("secondaryCatchUpPeriodSecs", 2)
                },
                deadline: .seconds(5)
            )
            return await primary() != old
        }
    }

    /// Makes a member write to its disk; true when that failed, or the member ended over it.
    package func findsDiskFull(_ index: Int) async -> Bool {
        guard isRunning(index) else { return true }
        let command = BSONDocument { $0.int32("fsync", 1) }
        return (try? await control[index].command(command, deadline: .seconds(4))) == nil
    }

    /// Ends the control connections and the proxies; the servers end with the object.
    package func close() async {
        control.shutdown()
        for proxy in proxies { await proxy.close() }
    }

    private static func command(_ executable: String, _ port: Int, _ directory: String) -> [String] {
        [
            executable, "--replSet", "private", "--bind_ip", "127.0.0.1", "--port", String(port), "--dbpath", directory,
            "--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "64", "--logpath", directory + "/log", "--logappend",
            "--nounixsocket",
        ]
    }

    private func initiate() async throws {
        let command = BSONDocument { writer in
            writer.document("replSetInitiate") { set in
                set.string("_id", "private")
                set.array("members") { list in
                    for (index, proxy) in proxies.enumerated() {
                        list.document { member in
                            member.int32("_id", Int32(index))
                            member.string("host", "127.0.0.1:\(proxy.port)")
                        }
                    }
                }
                set.document("settings") { settings in
                    settings.int32("electionTimeoutMillis", 2_000)
                    settings.int32("heartbeatIntervalMillis", 500)
                    settings.int32("catchUpTimeoutMillis", 2_000)
                }
            }
        }
        try await eventually("the set is initiated") {
            do throws(MongoError) {
                _ = try await control[0].command(command)
                return true
            } catch {
                return error.code == .server(Self.alreadyInitialised)
            }
        }
        _ = try await waitForPrimary()
        try await waitForMembers()
    }

    private static let alreadyInitialised: Int32 = 23
}

/// A client of each member by itself.
private final class MongoClients: Sendable {
    private let clients: [MongoClient]

    init(ports: [Int]) throws {
        clients = try ports.map { port in
            var configuration = MongoConfiguration(
                url: "mongodb://127.0.0.1:\(port)/?directConnection=true",
                database: "admin"
            )
            configuration.threads = 1
            configuration.serverSelectionTimeout = .seconds(1)
            return try MongoClient(configuration, logger: Logger(label: "mongod", level: .error))
        }
    }

    subscript(index: Int) -> MongoClient { clients[index] }

    func shutdown() { for client in clients { client.shutdown() } }
}
