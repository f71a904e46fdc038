import Domain
import Testing

@testable import Messaging

@Suite struct LeaseTableTests {
    private let bucket = RateBucket(.user(UserID(rawValue: 7)), .write)
    private let quota = RateQuota(tokens: 100, window: .seconds(60))
    private let start = ContinuousClock.now

    /// What a request by itself comes to with a store that gives what it is asked for.
    private func ask(_ table: inout LeaseTable<Int>, _ waiter: Int, at now: ContinuousClock.Instant) -> TokenDemand? {
        guard case .ask(let demand) = table.take(bucket, quota, now: now, for: waiter) else { return nil }
        return demand
    }

    private func standing(_ remaining: Int) -> RateStanding { RateStanding(quota: quota, remaining: remaining) }

    @Test func `the first request takes one token and no more`() throws {
        var table = LeaseTable<Int>(limit: 10)
        #expect(ask(&table, 1, at: start) == TokenDemand(needed: 1))
        let grant = TokenGrant(tokens: 1, rest: 99, wait: .zero)
        let (told, next) = table.settle(bucket, quota, grant, now: start)
        #expect(told.map(\.0) == [1] && told.first?.1 == .admitted(standing(99)) && next == nil)
    }

    @Test func `those who come while the store is asked are asked for together`() throws {
        var table = LeaseTable<Int>(limit: 10)
        _ = ask(&table, 1, at: start)
        for waiter in 2...4 {
            guard case .wait = table.take(bucket, quota, now: start, for: waiter) else { return #expect(Bool(false)) }
        }
        let first = table.settle(bucket, quota, TokenGrant(tokens: 1, rest: 99, wait: .zero), now: start)
        #expect(first.told.map(\.0) == [1] && first.next == TokenDemand(needed: 3, spare: 1))
        let short = TokenGrant(tokens: 2, rest: 0, wait: .seconds(5))
        let second = table.settle(bucket, quota, short, now: start)
        #expect(second.told.map(\.0) == [2, 3, 4] && second.next == nil)
        #expect(second.told.last?.1 == .refused(standing(0), wait: .seconds(5)))
    }

    @Test func `a busy bucket is leased twice as much each time, and an idle one starts anew`() throws {
        var table = LeaseTable<Int>(limit: 10)
        var spares: [Int] = []
        for _ in 0..<5 {
            let demand = try #require(ask(&table, 0, at: start))
            spares.append(demand.spare)
            let grant = TokenGrant(tokens: demand.needed + demand.spare, rest: 50, wait: .zero)
            _ = table.settle(bucket, quota, grant, now: start)
            while case .admitted? = table.takeHeld(bucket, quota, now: start) {}
        }
        #expect(spares == [0, 1, 2, 4, 8])
        #expect(ask(&table, 0, at: start + .seconds(2)) == TokenDemand(needed: 1))
    }

    @Test func `tokens end after a second and go back with the next call`() throws {
        var table = LeaseTable<Int>(limit: 10)
        _ = ask(&table, 0, at: start)
        _ = table.settle(bucket, quota, TokenGrant(tokens: 6, rest: 94, wait: .zero), now: start)
        #expect(table.takeHeld(bucket, quota, now: start + .milliseconds(999)) == .admitted(standing(98)))
        #expect(table.takeHeld(bucket, quota, now: start + .seconds(1)) == nil)
        #expect(ask(&table, 0, at: start + .seconds(1)) == TokenDemand(needed: 1, returned: 4))
    }

    @Test func `an empty bucket is refused for a second without asking`() throws {
        var table = LeaseTable<Int>(limit: 10)
        _ = ask(&table, 0, at: start)
        _ = table.settle(bucket, quota, TokenGrant(tokens: 0, rest: 0, wait: .seconds(3)), now: start)
        let later = start + .milliseconds(900)
        #expect(table.takeHeld(bucket, quota, now: later) == .refused(standing(0), wait: .milliseconds(2_100)))
        // Asked again after a second, since others may have given something back.
        #expect(ask(&table, 0, at: start + .seconds(1)) == TokenDemand(needed: 1))
    }

    @Test func `nobody joins a call that is late, and its answer is used when it comes`() throws {
        var table = LeaseTable<Int>(limit: 10)
        _ = ask(&table, 1, at: start)
        #expect(table.abandon(bucket) == [1])
        #expect(table.takeHeld(bucket, quota, now: start) == .unchecked)
        let late = table.settle(bucket, quota, TokenGrant(tokens: 1, rest: 9, wait: .zero), now: start)
        #expect(late.told.isEmpty && late.next == nil)
        #expect(table.takeHeld(bucket, quota, now: start) == .admitted(standing(9)))
    }

    @Test func `a failed call gives back those who wait, and the next asks anew`() throws {
        var table = LeaseTable<Int>(limit: 10)
        _ = ask(&table, 1, at: start)
        _ = table.take(bucket, quota, now: start, for: 2)
        #expect(table.fail(bucket) == [1, 2])
        #expect(ask(&table, 3, at: start) != nil)
    }

    @Test func `what has ended is forgotten before what may be used`() {
        var table = LeaseTable<Int>(limit: 100)
        let later = start + .seconds(2)
        func bucket(_ user: Int) -> RateBucket { RateBucket(.user(UserID(rawValue: Int64(1_000 + user))), .read) }
        for user in 0..<100 {
            let now = user < 60 ? start : later
            _ = table.take(bucket(user), quota, now: now, for: user)
            _ = table.settle(bucket(user), quota, TokenGrant(tokens: 2, rest: 9, wait: .zero), now: now)
        }
        _ = ask(&table, 1, at: later)
        #expect(table.count == 41)
        for user in 60..<100 { #expect(table.takeHeld(bucket(user), quota, now: later) == .admitted(standing(9))) }
    }

    @Test func `a table holds no more than it may, and never drops who waits`() throws {
        var table = LeaseTable<Int>(limit: 100)
        _ = ask(&table, 1, at: start)
        for user in 0..<1_000 {
            let other = RateBucket(.user(UserID(rawValue: Int64(1_000 + user))), .read)
            let now = start + .milliseconds(user)
            _ = table.take(other, quota, now: now, for: user)
            _ = table.settle(other, quota, TokenGrant(tokens: 1, rest: 9, wait: .zero), now: now)
            #expect(table.count <= 100)
        }
        #expect(table.fail(bucket) == [1])
    }
}
