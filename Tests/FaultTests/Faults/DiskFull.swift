import IOCore
import Support

/// The disk of a store runs full, and is given space again; a store that ended over it is started then.
struct DiskFull: Fault {
    let store: Store
    let lasts = 1_500...3_500
    var name: String { "\(store.rawValue)-disk-full" }
    private var member = 0

    init(store: Store) { self.store = store }

    func obstacle(_ cluster: FaultCluster) -> String? {
        cluster.disks == nil ? "needs root, to mount a small disk" : nil
    }

    mutating func inject(_ scene: FaultScene) async throws {
        if store == .mongo { member = try await scene.cluster.mongo.waitForPrimary() }
        if store == .redis { try await scene.cluster.redis.savesToDisk() }
        guard let disk = disk(scene.cluster) else { return }
        try Disks.fill(disk)
        try await waitUntilNoticed(scene)
    }

    /// Files that a store keeps in advance may carry it for a while, so it is made to ask for more.
    private func waitUntilNoticed(_ scene: FaultScene) async throws {
        let cluster = scene.cluster
        let end = cluster.loop.now + .seconds(8)
        while cluster.loop.now < end {
            switch store {
            case .postgres: if await cluster.reader.findsDiskFull() { return }
            case .mongo: if await cluster.mongo.findsDiskFull(member) { return }
            case .redis: if await cluster.redis.findsDiskFull() { return }
            }
            await scene.sleep(for: .milliseconds(100))
        }
        throw FaultDidNotHappen(description: "\(store.rawValue) did not notice that its disk is full")
    }

    mutating func heal(_ scene: FaultScene) async throws {
        let cluster = scene.cluster
        guard let disk = disk(cluster) else { return }
        Disks.empty(disk)
        switch store {
        case .postgres:
            if !cluster.postgres.isRunning { scene.kills += 1 }
            try await cluster.postgres.start()
        case .mongo:
            if !cluster.mongo.isRunning(member) { scene.kills += 1 }
            try await cluster.mongo.start(member)
        case .redis: try await cluster.redis.start()
        }
    }

    private func disk(_ cluster: FaultCluster) -> String? {
        switch store {
        case .postgres: cluster.disks?.postgres
        case .mongo: cluster.disks?.mongo[member]
        case .redis: cluster.disks?.redis
        }
    }
}
