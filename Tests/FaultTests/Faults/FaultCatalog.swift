import Support

/// Every fault there is.
enum FaultCatalog {
    /// With three faults for each of the product's failpoints.
    static func all(failpoints: [String]) -> [any Fault] {
        var faults: [any Fault] = [
            NodeKill(), AllNodesKill(), NodeFreeze.short, NodeFreeze.long, RollingRestart(), NodeClock.ahead,
            NodeClock.behind, Duplicates(), MongoMajorityLost(), MongoStepDown(), CommitReplyLost(),
        ]
        for store in Store.allCases {
            faults += [
                StoreKill(store: store), StoreFreeze(store: store), StoreWeather.slow(store), StoreWeather.deaf(store),
                StoreCut(store: store), DiskFull(store: store),
            ]
        }
        for failpoint in failpoints {
            faults += [
                NodeKillAt(failpoint: failpoint), NodeTroubleAt(failpoint: failpoint, trouble: "delay:200ms"),
                NodeTroubleAt(failpoint: failpoint, trouble: "error"),
            ]
        }
        return faults
    }

    /// Those of the given names, or whose names begin so; without names all, the long ones only where they fit.
    static func choose(_ names: [String], from faults: [any Fault], withLong: Bool) -> [any Fault] {
        guard !names.isEmpty else { return faults.filter { withLong || !$0.isLong } }
        return faults.filter { fault in
            names.contains { name in
                fault.name == name || !faults.contains { $0.name == name } && fault.name.hasPrefix(name)
            }
        }
    }
}
