import Support

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
