internal import Glibc

/// A Redis Cluster of three masters, each with a replica, that belongs to one test.
///
/// The nodes find their places in their configuration files, which are written before the first start. They hold each
/// other for dead sooner than by default, so that a test of a failover does not take minutes, and late enough that a busy
/// machine does not look like one.
package final class PrivateRedisCluster: Sendable {
    private let nodes: [ServerProcess]
    private let busPorts: [Int]

    /// The masters at the start are the nodes 0 to 2; the replica of each has its number and 3 more.
    package static let masterCount = 3

    /// Starts the nodes and waits until they serve and replicate.
    package init() async throws {
        var nodes: [ServerProcess] = []
        var busPorts: [Int] = []
        for _ in 0..<(2 * Self.masterCount) {
            let busPort = try FreePort.reserve()
            busPorts.append(busPort)
            nodes.append(try ServerProcess("redis-node") { Self.command(port: $0, busPort: busPort, directory: $1) })
        }
        self.nodes = nodes
        self.busPorts = busPorts
        for index in nodes.indices {
            guard unsafe mkdir(nodes[index].directory, 0o700) == 0 else {
                throw ServerProcess.Failure(message: "no directory \(nodes[index].directory)")
            }
            try write(configuration(of: index), to: nodes[index].directory + "/nodes.conf")
        }
        try await start()
    }

    /// What a client of the cluster is given.
    package var url: String {
        "redis+cluster://" + nodes.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
    }

    /// A node by itself.
    package func url(of index: Int) -> String { "redis://127.0.0.1:\(port(of: index))" }
    package func port(of index: Int) -> Int { nodes[index].port }

    /// The name a node has in commands of the cluster.
    package func id(of index: Int) -> String { String(repeating: "\(index + 1)", count: 40) }

    /// Starts the nodes that do not run, and waits until the cluster is whole.
    package func start() async throws {
        for index in nodes.indices where !nodes[index].isRunning { try await start(index) }
        try await eventually("the cluster serves") {
            for index in nodes.indices {
                let script =
                    "redis-cli -p \(port(of: index)) cluster info | grep -q cluster_state:ok"
                    + " && redis-cli -p \(port(of: index)) info replication"
                    + " | grep -Eq 'master_link_status:up|connected_slaves:1'"
                guard (try? await ServerProcess.run(["sh", "-c", script])) != nil else { return false }
            }
            return true
        }
    }

    /// Starts a node again after `kill(_:)`; it joins what the cluster has become.
    package func start(_ index: Int) async throws {
        let port = port(of: index)
        try await nodes[index].start { FreePort.accepts(port) }
    }

    /// SIGKILL to a node.
    package func kill(_ index: Int) { nodes[index].kill() }

    /// SIGSTOP to a node.
    package func freeze(_ index: Int) { nodes[index].freeze() }

    /// SIGCONT to a node.
    package func thaw(_ index: Int) { nodes[index].thaw() }

    /// Runs a command on a node.
    ///
    /// - Throws: ``ServerProcess/Failure`` when the node answers with an error.
    package func command(_ words: String..., on index: Int) async throws {
        try await ServerProcess.run(["redis-cli", "-e", "-p", "\(port(of: index))"] + words)
    }

    /// Gives a slot, with its keys, to another master, as a resharding does; `between` runs while it is on its way.
    package func move(
        slot: Int,
        from source: Int,
        to target: Int,
        between: () async throws -> Void = {}
    ) async throws {
        try await command("cluster", "setslot", "\(slot)", "importing", id(of: source), on: target)
        try await command("cluster", "setslot", "\(slot)", "migrating", id(of: target), on: source)
        try await between()
        let script = """
            redis-cli -p \(port(of: source)) cluster getkeysinslot \(slot) 1000 | while read key; do
                redis-cli -e -p \(port(of: source)) migrate 127.0.0.1 \(port(of: target)) "$key" 0 5000 || exit 1
            done
            """
        try await ServerProcess.run(["sh", "-c", script])
        for index in [target, source] {
            try await command("cluster", "setslot", "\(slot)", "node", id(of: target), on: index)
        }
    }

    private static func command(port: Int, busPort: Int, directory: String) -> [String] {
        [
            "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--dir", directory, "--logfile", "log",
            "--save", "", "--appendonly", "no", "--cluster-enabled", "yes", "--cluster-port", "\(busPort)",
            "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "5000",
            "--cluster-replica-validity-factor", "0", "--cluster-allow-replica-migration", "no",
            "--repl-diskless-sync-delay", "0",
        ]
    }

    private func configuration(of index: Int) -> String {
        let share = 16_384 / Self.masterCount + 1
        var text = ""
        for node in nodes.indices {
            let address = "127.0.0.1:\(port(of: node))@\(busPorts[node])"
            let me = node == index ? "myself," : ""
            let master = node % Self.masterCount
            let role = node == master ? "master -" : "slave \(id(of: master))"
            let slots = node == master ? " \(share * node)-\(min(share * (node + 1), 16_384) - 1)" : ""
            text += "\(id(of: node)) \(address) \(me)\(role) 0 0 \(master + 1) connected\(slots)\n"
        }
        return text + "vars currentEpoch \(Self.masterCount) lastVoteEpoch 0\n"
    }

    private func write(_ text: String, to path: String) throws {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard descriptor >= 0, unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw ServerProcess.Failure(message: "cannot write \(path)")
        }
    }
}
