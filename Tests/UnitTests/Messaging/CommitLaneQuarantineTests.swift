import Domain
import Messaging
import Testing

@Suite struct CommitLaneQuarantineTests {
    private static let refusal = StoreError(.mongo, .permanent, "invalid", chats: [ChatID(rawValue: 2)])

    /// A lane with a batch on its way into MongoDB: tickets 1 and 3 in chat 1, ticket 2 in chat 2.
    private static func applying() -> (driver: LaneDriver, batch: BatchID) {
        var driver = LaneDriver()
        driver.submit(0)
        for ticket in 1...3 { driver.submit(ticket, chat: ticket == 2 ? 2 : 1) }
        let first = driver.commitAll() ?? .random()
        driver.step { $0.applied(first, $1) }
        driver.step { $0.announced(first, $1) }
        let batch = driver.commitAll() ?? .random()
        return (driver, batch)
    }

    private static func takeQuarantine(_ driver: inout LaneDriver) -> (BatchID, Set<ChatID>, attempt: Int)? {
        for (index, action) in driver.actions.enumerated() {
            if case .quarantine(let id, let chats, _, let attempt) = action {
                driver.actions.remove(at: index)
                return (id, chats, attempt)
            }
        }
        return nil
    }

    private static func code(_ result: Result<CommitLane.Outcome, Failure>?) -> Failure.Code? {
        if case .failure(let failure)? = result { failure.code } else { nil }
    }

    @Test func `a refused chat is set apart before anything of its batch is tried again`() {
        var (driver, batch) = Self.applying()
        driver.actions = []
        driver.step { $0.applyFailed(batch, Self.refusal, $1) }
        let order = Self.takeQuarantine(&driver)
        #expect(order?.0 == batch && order?.1 == [ChatID(rawValue: 2)] && order?.attempt == 1)
        #expect(driver.actions.isEmpty)
        #expect(driver.answers[2] == nil, "not before its row is safe")
    }

    @Test func `only the refused chat's callers hear of it, and the rest of the batch is finished`() {
        var (driver, batch) = Self.applying()
        driver.step { $0.applyFailed(batch, Self.refusal, $1) }
        driver.actions = []
        driver.step { $0.quarantined(batch, $1) }
        #expect(Self.code(driver.answers[2]?.first) == .inFlight)
        #expect(driver.answers[1] == nil && driver.answers[3] == nil)
        let chats: [ChatID]? = driver.actions.lazy.compactMap { action in
            if case .apply(let rest, attempt: 1) = action { rest.operations.map(\.operation.chat) } else { nil }
        }.first
        #expect(chats == [ChatID(rawValue: 1), ChatID(rawValue: 1)])
        driver.step { $0.applied(batch, $1) }
        #expect(driver.answers[1]?.count == 1 && driver.answers[3]?.count == 1 && driver.answers[2]?.count == 1)
        let announced = driver.take {
            if case .announce(let rest) = $0 { rest.operations.count == 2 } else { false }
        }
        #expect(announced)
        driver.step { $0.announced(batch, $1) }
        driver.step { lane, _ in lane.dropFinished() }
        #expect(driver.actions.contains { if case .drop(let rows) = $0 { rows.contains(batch) } else { false } })
    }

    @Test func `a batch that is refused as a whole is not dropped, and holds up nobody`() {
        var driver = LaneDriver()
        driver.submit(1, chat: 2)
        let bad = driver.commitAll() ?? .random()
        driver.submit(2, chat: 1)
        let good = driver.commitAll() ?? .random()
        driver.step { $0.applied(good, $1) }
        driver.step { $0.applyFailed(bad, Self.refusal, $1) }
        let early = driver.takeAnnounce(good)
        #expect(!early, "it may still be that the refused batch goes on in part")
        driver.step { $0.quarantined(bad, $1) }
        #expect(Self.code(driver.answers[1]?.first) == .inFlight)
        let announced = driver.takeAnnounce(good)
        #expect(announced)
        driver.step { $0.announced(good, $1) }
        driver.step { lane, _ in lane.dropFinished() }
        let droppedOnlyGood = driver.take { $0 == .drop([good]) }
        #expect(droppedOnlyGood)
        #expect(driver.lane.isIdle)
    }

    @Test func `documents that might pass are tried for so long, and then their chat is set apart`() {
        var (driver, batch) = Self.applying()
        let mayPass = StoreError(.mongo, .unknown, "too slow", chats: [ChatID(rawValue: 2)])
        for attempt in 1...RedoBatch.patience {
            driver.actions = []
            driver.step { $0.applyFailed(batch, mayPass, $1) }
            let next = driver.take { if case .apply(_, attempt + 1) = $0 { true } else { false } }
            #expect(next && driver.actions.isEmpty)
        }
        driver.actions = []
        driver.step { $0.applyFailed(batch, mayPass, $1) }
        #expect(Self.takeQuarantine(&driver)?.1 == [ChatID(rawValue: 2)])
    }

    @Test func `a store that fails all alike is never taken for a chat's documents`() {
        var (driver, batch) = Self.applying()
        for _ in 0...2 * RedoBatch.patience {
            driver.actions = []
            driver.step { $0.applyFailed(batch, StoreError(.mongo, .unknown, "no server"), $1) }
            #expect(Self.takeQuarantine(&driver) == nil)
        }
    }

    @Test func `what is set aside is answered at once`() {
        var driver = LaneDriver()
        driver.submit(1)
        _ = driver.takeCommit()
        driver.step { $0.committed([.setAside(.random())], $1) }
        #expect(driver.answers[1] == [.failure(.setAside)])
        driver.step { $0.retryCovered($1) }
        #expect(driver.takeCommit() == nil && driver.lane.isIdle)
    }

    @Test func `setting apart is tried until it is done`() {
        var (driver, batch) = Self.applying()
        driver.step { $0.applyFailed(batch, Self.refusal, $1) }
        _ = Self.takeQuarantine(&driver)
        for attempt in 2...4 {
            driver.step { lane, _ in lane.quarantineFailed(batch) }
            #expect(Self.takeQuarantine(&driver)?.attempt == attempt)
        }
        #expect(driver.answers[2] == nil)
    }

    @Test func `a caller whose deadline passes meanwhile is answered once`() {
        var (driver, batch) = Self.applying()
        driver.step { $0.applyFailed(batch, Self.refusal, $1) }
        driver.step { lane, _ in lane.expire([1, 2]) }
        driver.step { $0.quarantined(batch, $1) }
        driver.step { $0.applied(batch, $1) }
        #expect(driver.answers[1]?.count == 1 && driver.answers[2]?.count == 1 && driver.answers[3]?.count == 1)
    }

    // MARK: Answers without an event

    private static let allocation = Allocation(
        offset: Offset(rawValue: 3),
        sequence: SequenceNumber(rawValue: 2),
        at: Timestamp(milliseconds: 1)
    )

    @Test func `what was unchanged by an event of its own batch waits for that batch`() {
        var driver = LaneDriver()
        driver.submit(0)
        driver.submit(1)
        driver.submit(2, body: .react(SequenceNumber(rawValue: 1), emoji: "x", isOn: true))
        _ = driver.commitAll()
        guard let batch = driver.takeCommit() else { return #expect(Bool(false)) }
        let unchanged = CommitResult.unchanged(Offset(rawValue: 3), pending: batch.id)
        driver.step { $0.committed([.committed(Self.allocation), unchanged], $1) }
        #expect(driver.answers[2] == nil)
        driver.step { $0.applied(batch.id, $1) }
        #expect(driver.answers[2] == [.success(.unchanged(Offset(rawValue: 3)))])
    }

    @Test func `a moved body is told at once, and an unchanged one once nothing covers its event`() {
        var driver = LaneDriver()
        driver.submit(0)
        driver.submit(1)
        driver.submit(2)
        _ = driver.commitAll()
        _ = driver.takeCommit()
        driver.step { $0.committed([.moved, .unchanged(Offset(rawValue: 3), pending: .random())], $1) }
        #expect(driver.answers[1] == [.success(.moved)])
        #expect(driver.answers[2] == nil)
        driver.step { $0.retryCovered($1) }
        _ = driver.takeCommit()
        driver.step { $0.committed([.unchanged(Offset(rawValue: 3), pending: nil)], $1) }
        #expect(driver.answers[2] == [.success(.unchanged(Offset(rawValue: 3)))])
    }

    @Test func `a duplicate that has waited a quarter of a second has what covers it finished`() {
        var driver = LaneDriver()
        driver.submit(1)
        var asked: [Int] = []
        for round in 1...12 {
            _ = driver.takeCommit()
            driver.step { $0.committed([.duplicate(Self.allocation, pending: .random())], $1) }
            let asks = driver.take { $0 == .finishCovering(ChatID(rawValue: 1), through: Offset(rawValue: 3)) }
            if asks { asked.append(round) }
            driver.step { $0.retryCovered($1) }
        }
        #expect(asked == [6, 12])
    }

    // MARK: Deadlines

    @Test func `a full queue expires in one walk`() {
        var limits = CommitLane.Limits()
        limits.queueOperations = 100_000
        var driver = LaneDriver(limits: limits)
        let operation = OperationCodec.operation(
            chat: ChatID(rawValue: 1),
            actor: UserID(rawValue: 1),
            id: OperationID(high: 1, low: 1),
            body: .createMessage(MessageDraft(content: "hello"))
        )
        for ticket in 1...100_000 { _ = driver.lane.submit(operation, ticket: ticket, BatchID.random) }
        let start = ContinuousClock.now
        let actions = driver.lane.expire(Set(2...100_000))
        #expect(actions.count == 99_999)
        #expect(driver.lane.queueDepth == 0)
        #expect(ContinuousClock.now - start < .seconds(40), "one by one it takes minutes")
    }
}
