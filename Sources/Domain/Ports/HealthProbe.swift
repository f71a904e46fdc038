/// How a store is doing.
package struct StoreHealth: Sendable, Equatable {
    package var store: StoreError.Store
    /// Why it cannot be used; nil when it can.
    package var reason: String?

    /// Makes a report.
    package init(store: StoreError.Store, reason: String?) {
        self.store = store
        self.reason = reason
    }
}

/// Asks every store whether it answers.
///
/// Loop-bound.
package protocol HealthProbe: AnyObject {
    /// One report for each store; comes within two seconds, whatever the stores do.
    func check() async -> [StoreHealth]
}
