package import Domain
package import IOCore

/// Knows whether the store of counts answers a loop.
///
/// Loop-bound. While it does not, nobody asks it and nobody waits: requests pass uncounted, and the watch itself asks now and then
/// whether it is back.
package final class LimitWatch {
    /// Whether limits are off.
    package private(set) var isAway = false
    private let loop: EventLoop
    private let store: any LimitStore
    private let alarm: LimitAlarm
    /// Late answers in a row.
    private var late = 0
    /// Good probes in a row.
    private var good = 0

    /// Late answers in a row that say as much as a failure.
    private static let lateLimit = 3
    /// Good probes in a row after which it is asked again.
    private static let probes = 2
    private static let pause = Duration.milliseconds(250)

    /// A watch of a store that is well.
    package init(loop: EventLoop, store: any LimitStore, alarm: LimitAlarm) {
        self.loop = loop
        self.store = store
        self.alarm = alarm
    }

    /// A request passed uncounted.
    func letThrough() { alarm.letThrough() }

    /// It answered somebody in time.
    func answered() { late = 0 }

    /// It did not answer in time.
    func isLate() {
        late += 1
        if late >= Self.lateLimit { leave("it is too slow") }
    }

    /// It failed.
    func failed(_ reason: String) { leave(reason) }

    private func leave(_ reason: String) {
        guard !isAway else { return }
        isAway = true
        good = 0
        alarm.left(reason)
        probeSoon()
    }

    /// The next probe waits for the last one's answer.
    private func probeSoon() {
        loop.schedule(after: Self.pause) { [weak self] in
            self?.store.probe { [weak self] result in self?.probed(result) }
        }
    }

    private func probed(_ result: Result<Void, StoreError>) {
        if case .success = result { good += 1 } else { good = 0 }
        guard good >= Self.probes else { return probeSoon() }
        isAway = false
        late = 0
        alarm.returned()
    }
}
