import Domain
import Messaging
import Testing

@Suite struct CommitLaneTests {
    @Test func `a caller is answered only when MongoDB holds its operation`() {
        var driver = LaneDriver()
        driver.submit(1)
        let id = driver.commitAll()
        #expect(driver.answers.isEmpty)
        driver.step { $0.applied(id ?? .random(), $1) }
        #expect(driver.answers[1]?.count == 1)
    }

    @Test func `operations that come while a batch commits form the next one, in order`() {
        var driver = LaneDriver()
        for ticket in 1...5 { driver.submit(ticket) }
        let first = driver.takeCommit()
        #expect(first?.operations.count == 1)
        #expect(driver.takeCommit() == nil)
        let results = first?.operations.map { driver.allocate($0) } ?? []
        driver.step { $0.committed(results, $1) }
        let second = driver.takeCommit()
        #expect(second?.operations.map(\.id) == (2...5).map { OperationID(high: 1, low: $0) })
    }

    @Test func `at most two batches are on their way into MongoDB`() {
        var driver = LaneDriver()
        var ids: [BatchID] = []
        for ticket in 1...4 {
            driver.submit(ticket)
            if let id = driver.commitAll() { ids.append(id) }
        }
        #expect(ids.count == 2)
        driver.step { $0.applied(ids[0], $1) }
        #expect(driver.takeCommit()?.operations.count == 2)
    }

    @Test func `batches are announced in the order of their commits, whatever MongoDB does`() {
        var driver = LaneDriver()
        driver.submit(1)
        let first = driver.commitAll() ?? .random()
        driver.submit(2)
        let second = driver.commitAll() ?? .random()
        driver.step { $0.applied(second, $1) }
        #expect(driver.answers[2]?.count == 1)
        let early = driver.takeAnnounce(second)
        #expect(!early)
        driver.step { $0.applied(first, $1) }
        let firstAnnounced = driver.takeAnnounce(first)
        let secondTooSoon = driver.takeAnnounce(second)
        #expect(firstAnnounced && !secondTooSoon)
        driver.step { $0.announced(first, $1) }
        let secondAnnounced = driver.takeAnnounce(second)
        #expect(secondAnnounced)
    }

    @Test func `a redo row is dropped only after MongoDB and the announcement`() {
        var driver = LaneDriver()
        driver.submit(1)
        let first = driver.commitAll() ?? .random()
        driver.step { $0.applied(first, $1) }
        driver.submit(2)
        #expect(driver.takeCommit()?.dropping == [])
        driver.step { lane, _ in lane.dropFinished() }
        driver.step { $0.announced(first, $1) }
        driver.step { $0.committed([.busy], $1) }
        #expect(driver.takeCommit()?.dropping == [first])
    }

    @Test func `finished rows are dropped by the timer when nobody writes`() {
        var driver = LaneDriver()
        driver.submit(1)
        let first = driver.commitAll() ?? .random()
        driver.step { $0.applied(first, $1) }
        driver.step { $0.announced(first, $1) }
        driver.step { lane, _ in lane.dropFinished() }
        let dropped = driver.take { $0 == .drop([first]) }
        #expect(dropped)
        #expect(driver.lane.isIdle)
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

    @Test func `a failed write into MongoDB is tried again and stops nothing but its successors' announcements`() {
        var driver = LaneDriver()
        driver.submit(1)
        let first = driver.commitAll() ?? .random()
        driver.step { $0.applyFailed(first, StoreError(.mongo, .unknown, "slow"), $1) }
        let again = driver.take { if case .apply(let batch, attempt: 2) = $0 { batch.id == first } else { false } }
        #expect(again && driver.answers.isEmpty)
    }

    @Test func `a refusal by MongoDB that names no chat is tried for ever and never answered as done`() {
        var driver = LaneDriver()
        driver.submit(1)
        let first = driver.commitAll() ?? .random()
        for attempt in 2...30 {
            driver.step { $0.applyFailed(first, StoreError(.mongo, .permanent, "not authorized"), $1) }
            let again = driver.take {
                if case .apply(let batch, attempt) = $0 { batch.id == first } else { false }
            }
            #expect(again)
        }
        #expect(driver.answers.isEmpty)
    }

    @Test func `a deadline takes an unwritten operation out and leaves a decided one under way`() {
        var driver = LaneDriver()
        driver.submit(1)
        let first = driver.takeCommit()
        driver.submit(2)
        driver.step { lane, _ in lane.expire([1, 2]) }
        guard case .failure(let decided)? = driver.answers[1]?.first,
            case .failure(let unwritten)? = driver.answers[2]?.first
        else { return #expect(Bool(false)) }
        #expect(decided.code == .inFlight)
        #expect(unwritten.code == .storeUnavailable)
        let results = first?.operations.map { driver.allocate($0) } ?? []
        driver.step { $0.committed(results, $1) }
        let applies = driver.take { if case .apply = $0 { true } else { false } }
        #expect(applies)
        #expect(driver.takeCommit() == nil)
        #expect(driver.answers[1]?.count == 1)
    }

    @Test func `a full queue refuses`() {
        var limits = CommitLane.Limits()
        limits.queueOperations = 2
        var driver = LaneDriver(limits: limits)
        for ticket in 1...4 { driver.submit(ticket) }
        guard case .failure(let failure)? = driver.answers[4]?.first else { return #expect(Bool(false)) }
        #expect(failure.code == .overloaded)
        #expect(driver.answers[3] == nil)
    }

    @Test func `batches keep to their number and bytes, and mix all kinds in the order they came`() {
        var limits = CommitLane.Limits()
        limits.batchOperations = 3
        limits.batchBytes = 2_000
        var driver = LaneDriver(limits: limits)
        driver.submit(0)
        for ticket in 1...2 { driver.submit(ticket, content: String(repeating: "x", count: 900)) }
        driver.submit(3, content: String(repeating: "x", count: 900))
        driver.submit(4, body: .removeParticipant(UserID(rawValue: 1)))
        driver.submit(5)
        driver.submit(6)
        var batches: [[OperationID]] = []
        while let commit = driver.takeCommit() {
            batches.append(commit.operations.map(\.id))
            let results = commit.operations.map { driver.allocate($0) }
            driver.step { $0.committed(results, $1) }
            driver.step { $0.applied(commit.id, $1) }
        }
        #expect(batches == [[0], [1, 2], [3, 4, 5], [6]].map { $0.map { OperationID(high: 1, low: $0) } })
    }

    /// A lost answer to a batch with both would leave open which of them is in the redo row.
    @Test func `one operation on two readings of its message never shares a batch`() {
        var driver = LaneDriver()
        driver.submit(0)
        let readings = [Self.deletion(of: 1), Self.deletion(of: 2)]
        for (index, reading) in readings.enumerated() {
            driver.step { $0.submit(reading, ticket: index + 1, $1) }
        }
        driver.submit(3)
        driver.step { $0.submit(readings[0], ticket: 4, $1) }
        _ = driver.commitAll()
        let first = driver.takeCommit()
        #expect(first?.operations == [readings[0]])
        driver.step { $0.committed([.moved], $1) }
        #expect(driver.takeCommit()?.operations.prefix(1) == [readings[1]])
    }

    private static func deletion(of revision: Int64) -> Operation {
        let old = MessageImage(
            id: MessageID(chat: ChatID(rawValue: 1), sequence: SequenceNumber(rawValue: 1)),
            revision: Offset(rawValue: revision),
            createdOffset: Offset(rawValue: 1),
            sender: UserID(rawValue: 1),
            type: .text,
            content: "revision \(revision)",
            createdAt: Timestamp(milliseconds: 1),
            clientMessageID: nil,
            operation: OperationID(high: 2, low: 1)
        )
        return OperationCodec.operation(
            chat: ChatID(rawValue: 1),
            actor: UserID(rawValue: 1),
            id: OperationID(high: 9, low: 9),
            body: .deleteMessage(old)
        )
    }

    private static let allocation = Allocation(
        offset: Offset(rawValue: 3),
        sequence: SequenceNumber(rawValue: 2),
        at: Timestamp(milliseconds: 1)
    )

    private func code(_ result: Result<CommitLane.Outcome, Failure>?) -> Failure.Code? {
        guard case .failure(let failure)? = result else { return nil }
        return failure.code
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

    @Test func `batches that wait for their announcement hold up the commits at last`() {
        var limits = CommitLane.Limits()
        limits.announceDepth = 3
        var driver = LaneDriver(limits: limits)
        var ids: [BatchID] = []
        for ticket in 1...5 {
            driver.submit(ticket)
            guard let id = driver.commitAll() else { continue }
            driver.step { $0.applied(id, $1) }
            ids.append(id)
        }
        #expect(ids.count == 3)
        driver.step { $0.announced(ids[0], $1) }
        #expect(driver.takeCommit() != nil)
    }
}
