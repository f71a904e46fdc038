import Testing

@testable import Postgres

/// A machine whose requests are names and whose answers are numbers; actions become text.
private struct Script {
    var machine: PipelineMachine<String, Int>

    init(limit: Int = 100, statementLimit: Int = 16) {
        machine = PipelineMachine(limit: limit, statementLimit: statementLimit)
    }

    mutating func submit(
        _ request: String,
        _ sql: String = "SELECT",
        policy: SyncPolicy = .perTick,
        isRepeat: Bool = false
    ) throws(PostgresError) -> [String] {
        let key = StatementCache.Key(sql: sql, types: [])
        return try machine.submit(request, key: key, policy: policy, isRepeat: isRepeat).map(text)
    }

    mutating func endOfTick() -> [String] { machine.endOfTick().map(text) }

    /// Each event is followed by the nil that ends a command, unless it is `synced`.
    mutating func receive(_ events: PipelineMachine<String, Int>.Event...) -> [String] {
        var actions: [String] = []
        for event in events {
            actions += machine.received(event).map(text)
            if case .synced = event { continue }
            actions += machine.received(.end).map(text)
        }
        return actions
    }

    mutating func lose() -> [String] {
        machine.connectionLost(PostgresError(.unavailable, "lost")).map(text)
    }

    private func text(_ action: PipelineMachine<String, Int>.Action) -> String {
        switch action {
        case .prepare(let name, let request): "prepare \(name) \(request)"
        case .execute(let name, let request): "execute \(name ?? "unnamed") \(request)"
        case .deallocate(let name): "deallocate \(name)"
        case .sync: "sync"
        case .syncAtEndOfTick: "later"
        case .runScript(let request): "script \(request)"
        case .answer(let request, .success(let answer)): "\(request)=\(answer)"
        case .answer(let request, .failure(let error)):
            "\(request)!\(error.sqlstate ?? "\(error.code)")\(error.isOutcomeUnknown ? "?" : "")"
        case .giveBack(let request): "back \(request)"
        case .fail(let error): "fail \(error.message)"
        }
    }
}

private let broken = PostgresError(.server(sqlstate: "42P01"), "no such table")

@Suite struct PipelineMachineTests {
    @Test func `reads of a tick share one Sync and one Parse`() throws {
        var script = Script()
        #expect(try script.submit("a") == ["prepare s1 a", "execute s1 a", "later"])
        #expect(try script.submit("b") == ["execute s1 b"])
        #expect(script.endOfTick() == ["sync"])
        #expect(script.receive(.answer(0), .answer(1), .answer(2)) == [])
        #expect(script.receive(.synced) == ["a=1", "b=2"])
        #expect(script.machine.inFlight == 0)
        #expect(!script.machine.expectsResults)
        #expect(script.endOfTick() == [])
    }

    @Test func `a write has its own Sync and is answered only there`() throws {
        var script = Script()
        #expect(try script.submit("a", policy: .perStatement) == ["prepare s1 a", "execute s1 a", "sync"])
        #expect(script.receive(.answer(0), .answer(7)) == [])
        #expect(script.machine.inFlight == 1)
        #expect(script.receive(.synced) == ["a=7"])
    }

    @Test func `reads sent before a write in one tick do not enter its transaction`() throws {
        var script = Script()
        _ = try script.submit("read")
        #expect(
            try script.submit("write", "INSERT", policy: .perStatement)
                == ["sync", "prepare s2 write", "execute s2 write", "sync"]
        )
    }

    @Test func `one failing read fails alone, and those it aborted are sent again once, each on its own`() throws {
        var script = Script()
        for request in ["a", "b", "c", "d"] { _ = try script.submit(request, request) }
        _ = script.endOfTick()
        _ = script.receive(.answer(0), .answer(1), .answer(0), .failure(broken))
        _ = script.receive(.aborted, .aborted, .aborted, .aborted)
        #expect(
            script.receive(.synced) == [
                "a=1", "b!42P01",
                "prepare s5 c", "execute s5 c", "sync",
                "prepare s6 d", "execute s6 d", "sync",
            ]
        )
        #expect(script.machine.inFlight == 2)
        _ = script.receive(.answer(0), .answer(3))
        #expect(script.receive(.synced) == ["c=3"])
        _ = script.receive(.answer(0), .failure(broken))
        #expect(script.receive(.synced) == ["d!42P01"])
        #expect(script.machine.inFlight == 0)
    }

    @Test func `a failed Parse is its own caller's error and leaves nothing prepared`() throws {
        var script = Script()
        _ = try script.submit("a", "BAD")
        _ = try script.submit("b", "BAD")
        _ = script.endOfTick()
        _ = script.receive(.failure(broken), .aborted, .aborted)
        #expect(script.receive(.synced) == ["a!42P01", "prepare s3 b", "execute s3 b", "sync"])
        _ = script.receive(.failure(broken), .aborted)
        #expect(script.receive(.synced) == ["b!42P01"])
        #expect(try script.submit("c", "BAD", policy: .perStatement) == ["prepare s4 c", "execute s4 c", "sync"])
    }

    @Test func `until a Parse is confirmed, later groups do not rely on it`() throws {
        var script = Script()
        _ = try script.submit("a", policy: .perStatement)
        #expect(try script.submit("b", policy: .perStatement) == ["execute unnamed b", "sync"])
        _ = script.receive(.answer(0))
        #expect(try script.submit("c", policy: .perStatement) == ["execute s1 c", "sync"])
    }

    @Test func `a statement the server has forgotten is prepared afresh, but not within a session`() throws {
        let stale = PostgresError(.server(sqlstate: "26000"), "no such statement")
        var script = Script()
        _ = try script.submit("a", policy: .perStatement)
        _ = script.receive(.answer(0), .failure(stale))
        #expect(script.receive(.synced) == ["prepare s2 a", "execute s2 a", "sync"])
        _ = script.receive(.answer(0), .failure(stale))
        #expect(script.receive(.synced) == ["a!26000"])
        _ = try script.submit("b", policy: .session)
        _ = script.receive(.answer(0), .failure(stale))
        #expect(script.receive(.synced) == ["b!26000"])
    }

    @Test func `an evicted statement is deallocated in a group of its own`() throws {
        var script = Script(statementLimit: 1)
        _ = try script.submit("a", "A", policy: .perStatement)
        _ = script.receive(.answer(0), .answer(1), .synced)
        #expect(
            try script.submit("b", "B", policy: .perStatement)
                == ["deallocate s1", "sync", "prepare s2 b", "execute s2 b", "sync"]
        )
        #expect(script.receive(.answer(0), .synced) == [])
        _ = script.receive(.answer(0), .answer(2))
        #expect(script.receive(.synced) == ["b=2"])
    }

    @Test func `an error at the Sync fails the held write, and only a constraint is sure to have rolled back`() throws {
        var script = Script()
        for error in [broken, PostgresError(.constraint(name: "fk", sqlstate: "23503"), "deferred")] {
            _ = try script.submit("a", policy: .perStatement)
            _ = script.machine.received(.answer(0))
            _ = script.machine.received(.end)
            if error == broken { _ = script.receive(.answer(1)) }
            _ = script.receive(.failure(error))
            #expect(script.receive(.synced) == [error == broken ? "a!42P01?" : "a!23503"])
        }
    }

    @Test func `when the connection is lost, writes are unknown, reads go back once, refusals stand`() throws {
        var script = Script()
        _ = try script.submit("refused", "A", policy: .perStatement)
        _ = script.receive(.answer(0), .failure(broken))
        _ = try script.submit("write", "B", policy: .perStatement)
        _ = try script.submit("read", "C")
        _ = try script.submit("again", "C", isRepeat: true)
        #expect(script.lose() == ["refused!42P01", "write!unavailable?", "back read", "again!unavailable"])
        #expect(script.lose() == [])
        #expect(script.machine.inFlight == 0)
    }

    @Test func `a write whose result came but not its Sync is unknown when the connection is lost`() throws {
        var script = Script()
        _ = try script.submit("write", policy: .perStatement)
        _ = script.receive(.answer(0), .answer(1))
        #expect(script.lose() == ["write!unavailable?"])
    }

    @Test func `more than the limit in flight is refused`() throws {
        var script = Script(limit: 2)
        _ = try script.submit("a")
        _ = try script.submit("b")
        #expect(throws: PostgresError.self) { try script.submit("c") }
        _ = script.endOfTick()
        _ = script.receive(.answer(0), .answer(1), .answer(2), .synced)
        #expect(throws: Never.self) { try script.submit("c") }
    }

    @Test func `a script runs alone and answers with its first failure`() throws {
        var script = Script()
        #expect(try script.submit("a", policy: .script) == ["script a"])
        #expect(throws: PostgresError.self) { try script.submit("b", policy: .session) }
        _ = script.machine.received(.answer(1))
        _ = script.machine.received(.failure(broken))
        #expect(script.machine.received(.end).count == 1)
        #expect(script.machine.inFlight == 0)
    }

    @Test func `a result that belongs to no statement is out of step`() {
        var script = Script()
        #expect(script.receive(.answer(1)).first?.hasPrefix("fail") == true)
    }
}
