import Domain
import Testing

@testable import Gateway

@Suite struct PresenceStatesTests {
    private final class Socket {}

    private let ada = UserID(rawValue: 7)
    private let phone = Socket()
    private let desk = Socket()
    private let begin = ContinuousClock.now
    private let lifetime = Duration.seconds(60)
    private let grace = Duration.seconds(5)

    private func states() -> PresenceStates { PresenceStates(lifetime: lifetime, grace: grace) }
    private func at(_ seconds: Double) -> ContinuousClock.Instant { begin + .seconds(seconds) }
    private func report(_ status: PresenceStatus, _ lifetime: Duration) -> [PresenceReport] {
        [PresenceReport(user: ada, status: status, lifetime: lifetime)]
    }

    @Test(
        arguments: [
            ([], .offline), ([.away], .away), ([.away, .online], .online), ([.online, .doNotDisturb], .doNotDisturb),
            ([.online, .doNotDisturb, .invisible, .away], .invisible), ([.invisible], .invisible),
        ] as [([PresenceStatus], PresenceStatus)]
    )
    func `devices add up`(devices: [PresenceStatus], status: PresenceStatus) {
        #expect(PresenceStatus.aggregate(of: devices) == status)
        #expect(PresenceStatus.aggregate(of: devices.reversed()) == status)
    }

    @Test(
        arguments: [
            ([.online, .offline, .invisible], 0), ([.online, .invisible, .offline], 0),
            ([.online, .away, .offline], 1),
            ([.away, .offline, .invisible, .offline], 0), ([.invisible, .online, .offline, .invisible], 1),
        ] as [([PresenceStatus], Int64)]
    )
    func `changes told as one show nothing of the invisible`(statuses: [PresenceStatus], lastSeen: Int64) throws {
        var told: PresenceState?
        for (second, change) in zip(statuses, statuses.dropFirst()).enumerated() {
            let time = Timestamp(milliseconds: Int64(second))
            let state = PresenceState(
                user: ada,
                before: change.0,
                status: change.1,
                isNews: true,
                lastSeen: time,
                toldAt: time
            )
            told = told.map(state.following) ?? state
        }
        let one = try #require(told)
        #expect(one.before == statuses.first && one.status == statuses.last)
        #expect(one.lastSeen == Timestamp(milliseconds: lastSeen))
    }

    @Test func `what devices say is reported when it changes, and repeated three times in its lifetime`() {
        var states = states()
        states.set(ObjectIdentifier(phone), of: ada, to: .away, now: at(0))
        #expect(states.takeReports(now: at(0)) == report(.away, lifetime))
        #expect(states.takeReports(now: at(1)).isEmpty)
        states.set(ObjectIdentifier(desk), of: ada, to: .online, now: at(2))
        #expect(states.takeReports(now: at(2)) == report(.online, lifetime))
        states.set(ObjectIdentifier(phone), of: ada, to: .online, now: at(3))
        #expect(states.takeReports(now: at(21.9)).isEmpty)
        #expect(states.takeReports(now: at(22)) == report(.online, lifetime))
        states.close(ObjectIdentifier(desk), of: ada)
        #expect(states.takeReports(now: at(23)).isEmpty)
    }

    @Test func `the last socket leaves its report for the grace, and coming back takes that away`() {
        var states = states()
        states.set(ObjectIdentifier(phone), of: ada, to: .doNotDisturb, now: at(0))
        _ = states.takeReports(now: at(0))
        states.close(ObjectIdentifier(phone), of: ada)
        #expect(states.takeReports(now: at(1)) == report(.doNotDisturb, grace))
        #expect(states.takeReports(now: at(30)).isEmpty && states.count == 0)
        states.set(ObjectIdentifier(desk), of: ada, to: .online, now: at(31))
        states.close(ObjectIdentifier(desk), of: ada)
        states.set(ObjectIdentifier(desk), of: ada, to: .online, now: at(31))
        #expect(states.takeReports(now: at(31)) == report(.online, lifetime))
    }

    @Test func `what did not get through is reported again, also of those who have left`() {
        var states = states()
        states.set(ObjectIdentifier(phone), of: ada, to: .online, now: at(0))
        states.failed(states.takeReports(now: at(0)), now: at(0))
        #expect(states.takeReports(now: at(0.5)).isEmpty)
        #expect(states.takeReports(now: at(1)) == report(.online, lifetime))
        states.close(ObjectIdentifier(phone), of: ada)
        states.failed(states.takeReports(now: at(2)), now: at(2))
        #expect(states.takeReports(now: at(3)) == report(.online, grace))
        #expect(states.takeReports(now: at(30)).isEmpty)
    }

    @Test func `when somebody was seen is written once a minute, and not of the invisible`() {
        var states = states()
        var noted: [Double] = []
        states.set(ObjectIdentifier(phone), of: ada, to: .online, now: at(0))
        for second in stride(from: 0.0, through: 300, by: 20) {
            let status: PresenceStatus = second == 120 ? .invisible : .online
            let state = PresenceState(
                user: ada,
                before: status,
                status: status,
                isNews: false,
                lastSeen: Timestamp(milliseconds: 0),
                toldAt: Timestamp(milliseconds: 0)
            )
            if states.takeNote(of: state, now: at(second)) { noted.append(second) }
        }
        #expect(noted == [60, 140, 200, 260])
    }

    @Test func `when the node stops, all have the grace to come back elsewhere`() {
        var states = states()
        states.set(ObjectIdentifier(phone), of: ada, to: .away, now: at(0))
        #expect(states.leaveAll() == report(.away, grace))
        #expect(states.leaveAll().isEmpty && states.takeReports(now: at(60)).isEmpty)
    }
}
