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
