package import Security
internal import Synchronization

/// What a node itself has counted of wrong passwords, shared by its loops.
package final class SharedLoginThrottle: Sendable {
    /// How many failures are free within how long.
    let limits: LoginThrottle.Limits
    private let throttle: Mutex<LoginThrottle>

    /// A throttle that remembers nothing yet.
    package init(limits: LoginThrottle.Limits = .init()) {
        self.limits = limits
        throttle = Mutex(LoginThrottle(limits: limits))
    }

    /// How long until `account` may be tried from `address` again; nil means now.
    package func retryAfter(account: String, address: String) -> Duration? {
        throttle.withLock { $0.retryAfter(account: account, address: address, now: .now) }
    }

    /// Counts a wrong password.
    package func recordFailure(account: String, address: String) {
        throttle.withLock { $0.recordFailure(account: account, address: address, now: .now) }
    }
}
