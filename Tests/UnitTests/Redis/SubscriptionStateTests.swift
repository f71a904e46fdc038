import Testing

@testable import Redis

@Suite struct SubscriptionStateTests {
    private var state = SubscriptionState<Int>(limit: 1_000)

    private func describe(_ actions: [SubscriptionState<Int>.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .send(let kind, let channels): "\(kind) \(channels.sorted().joined(separator: ","))"
            case .resume(let waiter): "resume \(waiter)"
            case .fail(let waiter, let error): "fail \(waiter) \(error.code)"
            case .resubscribed(let channels): "resubscribed \(channels.sorted().joined(separator: ","))"
            case .displaced(let channels, let error): "displaced \(channels.joined(separator: ",")) \(error.code)"
            case .giveUp(let error): "give up \(error.code)"
            }
        }
    }

    private mutating func subscribe(_ names: [String], _ waiter: Int) -> [String] {
        describe(state.subscribe(names, waiter: waiter))
    }

    @Test mutating func `a waiter resumes with the last of its channels`() {
        #expect(state.connected().isEmpty)
        let sent = state.subscribe(["a", "b"], waiter: 1)
        guard case .send(.subscribe, let order)? = sent.first else {
            Issue.record("nothing was sent")
            return
        }
        #expect(state.confirmed(.subscribe, order[0]).isEmpty)
        #expect(describe(state.confirmed(.subscribe, order[1])) == ["resume 1"])
        #expect(subscribe(["a"], 2) == ["resume 2"])
    }

    @Test mutating func `a second waiter joins the request in flight`() {
        _ = state.connected()
        #expect(subscribe(["a"], 1) == ["subscribe a"])
        #expect(subscribe(["a"], 2).isEmpty)
        #expect(describe(state.confirmed(.subscribe, "a")) == ["resume 1", "resume 2"])
    }

    @Test mutating func `without a connection a caller is refused and its channel remembered`() {
        #expect(subscribe(["a"], 1) == ["fail 1 unavailable"])
        #expect(describe(state.connected()) == ["subscribe a"])
        #expect(describe(state.confirmed(.subscribe, "a")) == ["resubscribed a"])
    }

    @Test mutating func `a loss fails the waiters and the next connection restores everything`() {
        _ = state.connected()
        _ = subscribe(["a"], 1)
        _ = state.confirmed(.subscribe, "a")
        _ = subscribe(["b"], 2)
        let lost = RedisError(.connectionLost, "")
        #expect(describe(state.disconnected(lost)) == ["fail 2 connectionLost"])
        #expect(describe(state.connected()) == ["subscribe a,b"])
    }

    @Test mutating func `only the confirmation of the last request counts`() {
        _ = state.connected()
        _ = subscribe(["a"], 1)
        #expect(describe(state.unsubscribe(["a"])) == ["fail 1 unavailable", "unsubscribe a"])
        #expect(subscribe(["a"], 2) == ["subscribe a"])
        #expect(state.confirmed(.subscribe, "a").isEmpty)
        #expect(state.confirmed(.unsubscribe, "a").isEmpty)
        #expect(describe(state.confirmed(.subscribe, "a")) == ["resume 2"])
    }

    @Test mutating func `an end that nobody asked for subscribes again and tells of the gap`() {
        _ = state.connected()
        _ = subscribe(["a"], 1)
        _ = state.confirmed(.subscribe, "a")
        #expect(describe(state.confirmed(.unsubscribe, "a")) == ["subscribe a"])
        #expect(describe(state.confirmed(.subscribe, "a")) == ["resubscribed a"])
    }

    @Test mutating func `a confirmation that nobody asked for gives up`() {
        _ = state.connected()
        #expect(describe(state.confirmed(.subscribe, "a")) == ["give up protocolViolation"])
    }

    @Test mutating func `an error refuses the request it answers and forgets its channels`() {
        _ = state.connected()
        _ = subscribe(["a"], 1)
        _ = subscribe(["b"], 2)
        let denied = RedisError(serverReply: "NOPERM no")
        #expect(describe(state.refused(denied)) == ["fail 1 server(prefix: \"NOPERM\")"])
        #expect(state.channelCount == 1)
        #expect(describe(state.confirmed(.subscribe, "b")) == ["resume 2"])
    }

    @Test mutating func `an error while restoring gives the connection up and keeps the channel`() {
        _ = subscribe(["a"], 1)
        _ = state.connected()
        #expect(
            describe(state.refused(RedisError(serverReply: "NOPERM no"))).first == "give up server(prefix: \"NOPERM\")"
        )
        #expect(state.channelCount == 1)
    }

    @Test mutating func `many channels go out in several commands`() {
        _ = state.connected()
        let actions = state.subscribe((0..<600).map { "c\($0)" }, waiter: 1)
        #expect(actions.count == 3)
    }

    @Test mutating func `the set is bounded`() {
        _ = state.connected()
        #expect(subscribe((0..<1_001).map { "c\($0)" }, 1) == ["fail 1 overloaded"])
        #expect(state.channelCount == 0)
    }

    // MARK: - A server of a cluster

    private static let moved = RedisError(serverReply: "MOVED 15495 127.0.0.1:7000")

    @Test mutating func `channels of different slots go out in commands of their own`() {
        state = SubscriptionState(limit: 1_000, separatesSlots: true)
        _ = state.connected()
        #expect(Set(subscribe(["{a}1", "{a}2", "{b}1"], 1)) == ["subscribe {a}1,{a}2", "subscribe {b}1"])
    }

    @Test mutating func `a channel whose slot is elsewhere is let go, and its waiter told to wait on`() {
        state = SubscriptionState(limit: 1_000, separatesSlots: true)
        _ = state.connected()
        _ = subscribe(["a"], 1)
        _ = subscribe(["b"], 2)
        #expect(
            describe(state.refused(Self.moved)) == ["fail 1 unavailable", "displaced a server(prefix: \"MOVED\")"]
        )
        #expect(!state.contains("a"))
        #expect(describe(state.confirmed(.subscribe, "b")) == ["resume 2"])
    }

    @Test mutating func `a caller refused for one channel is told of its others when they are confirmed`() {
        state = SubscriptionState(limit: 1_000, separatesSlots: true)
        _ = state.connected()
        let sent = subscribe(["a", "b"], 1)
        let (first, second) = sent[0] == "subscribe a" ? ("a", "b") : ("b", "a")
        #expect(describe(state.refused(Self.moved)).first == "fail 1 unavailable")
        #expect(!state.contains(first))
        #expect(describe(state.confirmed(.subscribe, second)) == ["resubscribed \(second)"])
    }

    @Test mutating func `a slot that leaves displaces its channel without a word of a gap that has not ended`() {
        state = SubscriptionState(limit: 1_000, separatesSlots: true)
        _ = state.connected()
        _ = subscribe(["a"], 1)
        _ = state.confirmed(.subscribe, "a")
        #expect(describe(state.confirmed(.unsubscribe, "a")) == ["displaced a server(prefix: \"MOVED\")"])
        #expect(state.channelCount == 0)
    }

    @Test mutating func `an adopted channel is told as restored once it is confirmed`() {
        state = SubscriptionState(limit: 1_000, separatesSlots: true)
        #expect(describe(state.adopt(["a"])).isEmpty)
        #expect(describe(state.connected()) == ["subscribe a"])
        #expect(describe(state.confirmed(.subscribe, "a")) == ["resubscribed a"])
        #expect(describe(state.adopt(["a", "b"])) == ["subscribe b"])
        #expect(describe(state.confirmed(.subscribe, "b")) == ["resubscribed b"])
    }

    @Test mutating func `a forgotten channel's late confirmations are nobody's`() {
        state = SubscriptionState(limit: 1_000, separatesSlots: true)
        _ = state.connected()
        _ = subscribe(["a"], 1)
        #expect(describe(state.forget(["a"])) == ["fail 1 unavailable"])
        #expect(describe(state.adopt(["a"])) == ["subscribe a"])
        #expect(state.confirmed(.subscribe, "a").isEmpty)
        #expect(describe(state.confirmed(.subscribe, "a")) == ["resubscribed a"])
        #expect(describe(state.forget(["a"])).isEmpty)
        #expect(describe(state.confirmed(.unsubscribe, "a")).isEmpty)
    }
}
