package import Domain
package import IOCore

/// Knows whether the store of counts answers a loop.
///
/// Loop-bound. While it does not, nobody asks it and nobody waits: requests pass uncounted, and the watch itself asks now and then
/// whether it is back.
package final class LimitWatch {
    private let loop: EventLoop
    private let store: any LimitStore
    private let alarm: LimitAlarm
    private let patience: Duration
    private var health = LimitHealth()

    private static let pause = Duration.milliseconds(250)

    /// A watch of a store that is well; a probe that takes longer than `patience` is none that was answered.
    package init(
        loop: EventLoop,
        store: any LimitStore,
        alarm: LimitAlarm,
        patience: Duration = RateLimiter.usualPatience
    ) {
        self.loop = loop
        self.store = store
        self.alarm = alarm
        self.patience = patience
    }

    /// Whether limits are off.
    package var isAway: Bool { health.isAway }

    /// A request passed uncounted.
    func letThrough() { alarm.letThrough() }

    /// It answered somebody in time.
    func answered() { health.answered() }

    /// It did not answer in time.
    func isLate() {
        if health.miss(now: loop.now) { leave("it is too slow") }
    }

    /// It failed; what it says of one question, and would say again, tells of the others only if there are several such.
    func failed(_ error: StoreError) {
        let isOfOne = error.outcome == .permanent
        if isOfOne ? health.miss(now: loop.now) : health.fail(now: loop.now) { leave(error.message) }
    }

    private func leave(_ reason: String) {
        alarm.left(reason)
        probeSoon()
    }

    /// The next probe waits for the last one's answer.
    private func probeSoon() {
        loop.schedule(after: Self.pause) { [weak self] in
            guard let self else { return }
            let start = loop.now
            store.probe { [weak self] result in self?.probed(result, since: start) }
        }
    }

    private func probed(_ result: Result<Void, StoreError>, since start: ContinuousClock.Instant) {
        var isGood = false
        if case .success = result { isGood = loop.now - start <= patience }
        if health.probed(isGood: isGood, now: loop.now) { alarm.returned() } else { probeSoon() }
    }
}
