import Domain
import Messaging
import Testing

/// What becomes of operations whose batch did not simply succeed.
@Suite struct CommitLaneOutcomeTests {
    private static let allocation = Allocation(
        offset: Offset(rawValue: 3),
        sequence: SequenceNumber(rawValue: 2),
        at: Timestamp(milliseconds: 1)
    )

    private func code(_ result: Result<CommitLane.Outcome, Failure>?) -> Failure.Code? {
        guard case .failure(let failure)? = result else { return nil }
        return failure.code
    }

    @Test func `an unknown outcome runs the same batch again and carries on from what had committed`() {
        var driver = LaneDriver()
        driver.submit(1)
        guard let commit = driver.takeCommit() else { return #expect(Bool(false)) }
        driver.step { $0.commitFailed(StoreError(.postgres, .unknown, "lost"), $1) }
        #expect(driver.answers.isEmpty)
        let again = driver.takeCommit()
        #expect(again?.id == commit.id && again?.attempt == 2)
        let allocation = Allocation(
            offset: Offset(rawValue: 7),
            sequence: SequenceNumber(rawValue: 7),
            at: Timestamp(milliseconds: 1)
        )
        driver.step { $0.committed([.duplicate(allocation, pending: commit.id)], $1) }
        #expect(driver.answers.isEmpty)
        driver.step { $0.applied(commit.id, $1) }
        #expect(driver.answers[1]?.first == .success(.committed(allocation)))
    }

    @Test func `a store that certainly wrote nothing is told to the callers at once`() {
        var driver = LaneDriver()
        driver.submit(1)
        _ = driver.takeCommit()
        driver.step { $0.commitFailed(StoreError(.postgres, .retryable, "down"), $1) }
        guard case .failure(let failure)? = driver.answers[1]?.first else { return #expect(Bool(false)) }
        #expect(failure.code == .storeUnavailable)
        #expect(failure.retryAfter != nil)
        #expect(driver.lane.isIdle)
    }

    @Test func `a retryable failure after an unknown one does not claim that nothing was written`() {
        var driver = LaneDriver()
        driver.submit(1)
        _ = driver.takeCommit()
        driver.step { $0.commitFailed(StoreError(.postgres, .unknown, "lost"), $1) }
        _ = driver.takeCommit()
        driver.step { $0.commitFailed(StoreError(.postgres, .retryable, "down"), $1) }
        #expect(driver.answers.isEmpty)
        #expect(driver.takeCommit()?.attempt == 3)
    }

    @Test func `a batch refused as a whole is run one by one, ahead of what came later`() {
        var driver = LaneDriver()
        driver.submit(1)
        let first = driver.takeCommit()
        for ticket in 2...3 { driver.submit(ticket) }
        let results = first?.operations.map { driver.allocate($0) } ?? []
        driver.step { $0.committed(results, $1) }
        let pair = driver.takeCommit()
        #expect(pair?.operations.count == 2)
        driver.submit(4)
        driver.step { $0.commitFailed(StoreError(.postgres, .permanent, "no"), $1) }
        #expect(driver.takeCommit()?.operations.map(\.id.description) == [OperationID(high: 1, low: 2).description])
        driver.step { $0.commitFailed(StoreError(.postgres, .permanent, "no"), $1) }
        #expect(driver.answers[2]?.count == 1)
        #expect(driver.takeCommit()?.operations.map(\.id.description) == [OperationID(high: 1, low: 3).description])
    }

    @Test func `what is busy goes first in the next batch and waits for its lock`() {
        var driver = LaneDriver()
        driver.submit(1)
        _ = driver.takeCommit()
        driver.submit(2)
        driver.step { $0.committed([.busy], $1) }
        let next = driver.takeCommit()
        #expect(next?.wait == true)
        #expect(next?.operations.map(\.id) == [OperationID(high: 1, low: 1), OperationID(high: 1, low: 2)])
    }

    @Test func `what stays locked is given up after one wait, and the rest of its batch goes on`() {
        var driver = LaneDriver()
        driver.submit(1)
        _ = driver.takeCommit()
        driver.submit(2, chat: 2)
        driver.submit(3, chat: 3)
        driver.step { $0.committed([.busy], $1) }
        guard let waiting = driver.takeCommit() else { return #expect(Bool(false)) }
        #expect(waiting.wait && waiting.operations.count == 3)
        let free = driver.allocate(waiting.operations[1])
        driver.step { $0.committed([.busy, free, .busy], $1) }
        #expect(code(driver.answers[1]?.first) == .storeUnavailable)
        #expect(driver.take { if case .apply(let batch, _) = $0 { batch.operations.count == 1 } else { false } })
        let third = driver.takeCommit()
        #expect(third?.operations.map(\.id) == [OperationID(high: 1, low: 3)], "it has not waited yet")
        #expect(third?.wait == true && driver.answers[3] == nil)
    }

    @Test func `what a second run leaves undecided goes into a batch of another id`() {
        var driver = LaneDriver()
        driver.submit(0)
        for ticket in 1...2 { driver.submit(ticket) }
        _ = driver.commitAll()
        let first = driver.takeCommit()
        driver.step { $0.commitFailed(StoreError(.postgres, .unknown, "lost"), $1) }
        let second = driver.takeCommit()
        #expect(second?.id == first?.id && second?.attempt == 2)
        // The first run did commit, and a recovery has finished it since.
        driver.step { $0.committed([.duplicate(Self.allocation, pending: nil), .busy], $1) }
        #expect(driver.answers[1] == [.success(.duplicate(Self.allocation))])
        let third = driver.takeCommit()
        #expect(third?.operations.map(\.id) == [OperationID(high: 1, low: 2)])
        #expect(third?.id != first?.id && third?.attempt == 1)
        driver.step { $0.commitFailed(StoreError(.postgres, .retryable, "down"), $1) }
        #expect(code(driver.answers[2]?.first) == .inFlight, "nobody may say that it was not written")
    }

    @Test func `a covered duplicate is asked again and answered once nothing covers it`() {
        var driver = LaneDriver()
        driver.submit(1)
        _ = driver.takeCommit()
        let allocation = Allocation(
            offset: Offset(rawValue: 3),
            sequence: SequenceNumber(rawValue: 2),
            at: Timestamp(milliseconds: 1)
        )
        driver.step { $0.committed([.duplicate(allocation, pending: .random())], $1) }
        #expect(driver.answers.isEmpty && driver.takeCommit() == nil)
        driver.step { $0.retryCovered($1) }
        #expect(driver.takeCommit() != nil)
        driver.step { $0.committed([.duplicate(allocation, pending: nil)], $1) }
        #expect(driver.answers[1] == [.success(.duplicate(allocation))])
    }

    @Test func `the same operation twice in one batch is committed once and the second caller is told`() {
        var driver = LaneDriver()
        driver.submit(0)
        for ticket in [1, 2] { driver.submit(ticket) }
        _ = driver.commitAll()
        guard let batch = driver.takeCommit() else { return #expect(Bool(false)) }
        let allocation = Allocation(
            offset: Offset(rawValue: 9),
            sequence: SequenceNumber(rawValue: 9),
            at: Timestamp(milliseconds: 1)
        )
        driver.step { $0.committed([.committed(allocation), .duplicate(allocation, pending: batch.id)], $1) }
        driver.step { $0.applied(batch.id, $1) }
        #expect(driver.answers[1] == [.success(.committed(allocation))])
        #expect(driver.answers[2] == [.success(.duplicate(allocation))])
        let appliedOnce = driver.take {
            if case .apply(let applied, _) = $0 {
                applied.id == batch.id && applied.operations.count == 1
            } else {
                false
            }
        }
        #expect(appliedOnce)
    }

    @Test func `a covered duplicate that nobody waits for any more is not asked again`() {
        var driver = LaneDriver()
        driver.submit(1)
        _ = driver.takeCommit()
        driver.step { lane, _ in lane.expire([1]) }
        driver.step { $0.committed([.duplicate(Self.allocation, pending: .random())], $1) }
        driver.step { $0.retryCovered($1) }
        #expect(driver.takeCommit() == nil)
        #expect(driver.lane.isIdle)
    }

    @Test func `a covered duplicate in the queue again is never told that nothing was written`() {
        var driver = LaneDriver()
        driver.submit(1)
        _ = driver.takeCommit()
        driver.submit(2)
        driver.step { $0.committed([.duplicate(Self.allocation, pending: .random())], $1) }
        driver.step { $0.retryCovered($1) }
        driver.step { lane, _ in lane.expire([1]) }
        #expect(code(driver.answers[1]?.first) == .inFlight)

        driver.submit(3)
        _ = driver.commitAll()
        _ = driver.takeCommit()
        driver.step { $0.committed([.duplicate(Self.allocation, pending: .random())], $1) }
        driver.step { $0.retryCovered($1) }
        driver.step { $0.commitFailed(StoreError(.postgres, .retryable, "down"), $1) }
        #expect(code(driver.answers[3]?.first) == .inFlight)
    }

    @Test func `a refusal after an unknown outcome does not claim that nothing was written`() {
        var driver = LaneDriver()
        driver.submit(1)
        _ = driver.takeCommit()
        driver.step { $0.commitFailed(StoreError(.postgres, .unknown, "lost"), $1) }
        _ = driver.takeCommit()
        driver.step { $0.commitFailed(StoreError(.postgres, .permanent, "no"), $1) }
        #expect(code(driver.answers[1]?.first) == .inFlight)
    }

    @Test func `what is busy while a batch is run singly stays ahead of the rest of that batch`() {
        var driver = LaneDriver()
        driver.submit(0)
        for ticket in 1...3 { driver.submit(ticket) }
        _ = driver.commitAll()
        _ = driver.takeCommit()
        driver.step { $0.commitFailed(StoreError(.postgres, .permanent, "no"), $1) }
        _ = driver.takeCommit()
        driver.step { $0.committed([.busy], $1) }
        let next = driver.takeCommit()
        #expect(next?.operations.map(\.id) == [OperationID(high: 1, low: 1)])
        #expect(next?.wait == true)
    }
}
