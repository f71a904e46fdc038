import IOCore
import Support

/// kill -9 and a new start of a store; of MongoDB, of the primary of its set.
struct StoreKill: Fault {
    let store: Store
    let lasts = 300...2_500
    var name: String { "\(store.rawValue)-kill" }
    private var member = 0

    init(store: Store) { self.store = store }

    mutating func inject(_ scene: FaultScene) async throws {
        let cluster = scene.cluster
        switch store {
        case .postgres: cluster.postgres.kill()
        case .mongo:
            member = try await cluster.mongo.waitForPrimary()
            cluster.mongo.kill(member)
        case .redis: cluster.redis.kill()
        }
        scene.kills += 1
    }

    mutating func heal(_ scene: FaultScene) async throws {
        switch store {
        case .postgres: try await scene.cluster.postgres.start()
        case .mongo: try await scene.cluster.mongo.start(member)
        case .redis: try await scene.cluster.redis.start()
        }
    }
}

/// SIGSTOP and SIGCONT of all processes of a store; of MongoDB, of the primary of its set.
struct StoreFreeze: Fault {
    let store: Store
    let lasts = 500...4_500
    var name: String { "\(store.rawValue)-freeze" }
    private var member = 0

    init(store: Store) { self.store = store }

    mutating func inject(_ scene: FaultScene) async throws {
        let cluster = scene.cluster
        switch store {
        case .postgres: cluster.postgres.freeze()
        case .mongo:
            member = try await cluster.mongo.waitForPrimary()
            cluster.mongo.freeze(member)
        case .redis: cluster.redis.freeze()
        }
    }

    mutating func heal(_ scene: FaultScene) async throws {
        switch store {
        case .postgres: scene.cluster.postgres.thaw()
        case .mongo: scene.cluster.mongo.thaw(member)
        case .redis: scene.cluster.redis.thaw()
        }
    }
}

/// Two of the three members of MongoDB's set are killed, and come back.
struct MongoMajorityLost: Fault {
    let name = "mongo-majority-lost"
    let lasts = 1_500...4_000
    private var lost: [Int] = []

    mutating func inject(_ scene: FaultScene) async throws {
        let primary = try await scene.cluster.mongo.waitForPrimary()
        // With or without the primary, as the seed has it.
        let kept = scene.random.chance(percent: 50) ? primary : (primary + 1) % scene.cluster.mongo.count
        lost = (0..<scene.cluster.mongo.count).filter { $0 != kept }
        for member in lost { scene.cluster.mongo.kill(member) }
        scene.kills += lost.count
    }

    mutating func heal(_ scene: FaultScene) async throws {
        for member in lost { try await scene.cluster.mongo.start(member) }
    }
}

/// The primary gives way in the midst of bulks, twice.
struct MongoStepDown: Fault {
    let name = "mongo-step-down"
    let lasts = 0...500

    mutating func inject(_ scene: FaultScene) async throws {
        try await scene.cluster.mongo.stepDown()
        _ = try await scene.cluster.mongo.waitForPrimary()
        await scene.sleep(for: scene.random.milliseconds(300...900))
        try await scene.cluster.mongo.stepDown()
    }
}

/// What a COMMIT answers is lost on the way back, several times.
struct CommitReplyLost: Fault {
    let name = "postgres-commit-reply-lost"
    private static let count = 4

    mutating func inject(_ scene: FaultScene) async throws {
        let proxy = scene.cluster.postgresProxy
        let before = await proxy.lostReplies
        for lost in 1...Self.count {
            await proxy.loseReplies(1)
            let end = scene.cluster.loop.now + .seconds(5)
            while await proxy.lostReplies < before + lost {
                guard scene.cluster.loop.now < end else { throw FaultDidNotHappen(description: "no COMMIT passed by") }
                await scene.sleep(for: .milliseconds(5))
            }
            await scene.sleep(for: scene.random.milliseconds(50...400))
        }
    }

    mutating func heal(_ scene: FaultScene) async throws { await scene.cluster.postgresProxy.loseReplies(0) }
}

/// Bad weather between the nodes and one store, and, for MongoDB, between its members too.
struct StoreWeather: Fault {
    let store: Store
    let weather: Weather
    let name: String
    let lasts = 1_000...3_500

    /// 200 ms on every answer.
    static func slow(_ store: Store) -> StoreWeather {
        StoreWeather(store: store, weather: .slow(.milliseconds(200)), name: "\(store.rawValue)-slow")
    }

    /// Connections stay open and nothing comes through.
    static func deaf(_ store: Store) -> StoreWeather {
        StoreWeather(store: store, weather: .blackHole, name: "\(store.rawValue)-deaf")
    }

    mutating func inject(_ scene: FaultScene) async throws {
        for proxy in scene.cluster.proxies(of: store) { await proxy.change(to: weather) }
    }

    mutating func heal(_ scene: FaultScene) async throws {
        for proxy in scene.cluster.proxies(of: store) { await proxy.change(to: .calm) }
    }
}

/// Connections to a store are cut, again and again.
struct StoreCut: Fault {
    let store: Store
    var name: String { "\(store.rawValue)-cut" }
    private static let count = 8

    mutating func inject(_ scene: FaultScene) async throws {
        for round in 0..<Self.count {
            // For a moment nobody gets in, every other time.
            if round % 2 == 1 { await change(to: .refusing, scene) }
            for proxy in scene.cluster.proxies(of: store) { await proxy.cutAll() }
            await scene.sleep(for: scene.random.milliseconds(20...400))
            await change(to: .calm, scene)
        }
    }

    private func change(to weather: Weather, _ scene: FaultScene) async {
        for proxy in scene.cluster.proxies(of: store) { await proxy.change(to: weather) }
    }
}

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
