import Support

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
