/// Which channels are wanted and which the server confirmed: a value that knows no sockets.
///
/// Channels form a set: subscribing twice is one subscription, and the last call decides. The set outlives connections.
/// The server confirms requests in order, one push a channel, so the first request in flight says what a
/// confirmation is about; an `unsubscribed` that fits none was the server's own doing (the slot moved away).
struct SubscriptionState<Waiter> {
    /// What the shell must do, in order.
    enum Action {
        case send(RequestKind, [String])
        case resume(Waiter)
        case fail(Waiter, RedisError)
        /// These channels are subscribed again; messages in between were lost.
        case resubscribed([String])
        /// The server broke the protocol or refused what it had granted: close the connection.
        case giveUp(RedisError)
    }

    enum RequestKind: Equatable {
        case subscribe
        case unsubscribe
    }

    /// The most channels in one command, so that a reconnect with thousands does not send one enormous command.
    ///
    /// On a cluster the channels of a command must share a slot: ``requests(_:_:)`` is the place to part them.
    static var channelsPerRequest: Int { 256 }

    private struct Request {
        let kind: RequestKind
        let channels: [String]
        var confirmed = 0
    }

    private struct Channel {
        var requestsInFlight = 0
        var isConfirmed = false
        var groups: [Int] = []
    }

    /// Whoever waits for several channels at once.
    private struct Group {
        var purpose: Purpose
        var missing: Int
    }

    private enum Purpose {
        case caller(Waiter)
        case restoring([String])
    }

    private var isConnected = false
    private var channels: [String: Channel] = [:]
    private var abandoned: [String: Int] = [:]
    private var requests = FIFOQueue<Request>()
    private var groups: [Int: Group] = [:]
    private var lastGroup = 0
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    var channelCount: Int { channels.count }

    // MARK: - What callers ask

    /// Adds channels; the returned number cancels the waiter by ``expire(_:)`` and is nil where the answer is known already.
    mutating func subscribe(_ names: [String], waiter: Waiter) -> (group: Int?, actions: [Action]) {
        let names = Set(names)
        let new = names.filter { channels[$0] == nil }
        guard channels.count + new.count <= limit, groups.count < limit else {
            return (nil, [.fail(waiter, RedisError(.overloaded, "\(limit) channels are subscribed or awaited"))])
        }
        for name in new { channels[name] = Channel(requestsInFlight: abandoned.removeValue(forKey: name) ?? 0) }
        guard isConnected else {
            return (nil, [.fail(waiter, RedisError(.unavailable, "not connected; the channels are remembered"))])
        }
        let waiting = names.filter { channels[$0]?.isConfirmed == false }
        guard !waiting.isEmpty else { return (nil, [.resume(waiter)]) }
        let group = add(.caller(waiter), waitingFor: waiting)
        return (group, request(.subscribe, Array(new)))
    }

    /// Removes channels; whoever still waits for one of them is refused.
    mutating func unsubscribe(_ names: [String]) -> [Action] {
        var actions: [Action] = []
        var removed: [String] = []
        for name in Set(names) {
            guard let channel = channels.removeValue(forKey: name) else { continue }
            removed.append(name)
            if channel.requestsInFlight > 0 { abandoned[name] = channel.requestsInFlight }
            let error = RedisError(.unavailable, "the channel was unsubscribed meanwhile")
            actions += fail(channel.groups, error)
        }
        guard isConnected else { return actions }
        return actions + request(.unsubscribe, removed)
    }

    /// Takes a waiter back whose deadline passed; its channels stay wanted.
    mutating func expire(_ group: Int) -> Waiter? {
        guard case .caller(let waiter)? = groups.removeValue(forKey: group)?.purpose else { return nil }
        return waiter
    }

    // MARK: - What the connection tells

    /// A connection is up: everything wanted is subscribed on it.
    mutating func connected() -> [Action] {
        isConnected = true
        let names = Array(channels.keys)
        guard !names.isEmpty else { return [] }
        _ = add(.restoring(names), waitingFor: Set(names))
        return request(.subscribe, names)
    }

    /// The connection is gone: every waiter is refused, every channel is remembered.
    mutating func disconnected(_ error: RedisError) -> [Action] {
        isConnected = false
        requests = FIFOQueue()
        abandoned = [:]
        channels = channels.mapValues { _ in Channel() }
        return fail(Array(groups.keys), error)
    }

    mutating func confirmed(_ kind: RequestKind, _ name: String) -> [Action] {
        guard var first = requests.first, first.kind == kind, first.channels[first.confirmed] == name else {
            return unsolicited(kind, name)
        }
        first.confirmed += 1
        if first.confirmed == first.channels.count {
            _ = requests.popFirst()
        } else {
            requests.replaceFirst(with: first)
        }
        return settle(name)
    }

    /// An error reply concerns the first request in flight, as a whole.
    mutating func refused(_ error: RedisError) -> [Action] {
        guard let request = requests.popFirst(), request.kind == .subscribe, request.confirmed == 0 else {
            return [.giveUp(error)]
        }
        var actions: [Action] = []
        for name in request.channels {
            guard let channel = channels[name], channel.requestsInFlight == 1 else {
                // A later request about the same channel decides.
                actions += settle(name)
                continue
            }
            if channel.groups.contains(where: isRestoring) {
                // What was granted once must not be dropped silently: the next connection tries again.
                actions.append(.giveUp(error))
            } else {
                channels[name] = nil
            }
            actions += fail(channel.groups, error)
        }
        return actions
    }

    // MARK: - Private

    private mutating func request(_ kind: RequestKind, _ names: [String]) -> [Action] {
        var actions: [Action] = []
        var rest = names[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(Self.channelsPerRequest))
            rest = rest.dropFirst(batch.count)
            for name in batch { countRequest(name) }
            requests.append(Request(kind: kind, channels: batch))
            actions.append(.send(kind, batch))
        }
        return actions
    }

    private mutating func countRequest(_ name: String) {
        if channels[name] != nil {
            channels[name]?.requestsInFlight += 1
        } else {
            abandoned[name, default: 0] += 1
        }
    }

    /// A request about `name` is done; with the last one in flight, a wanted channel is confirmed.
    private mutating func settle(_ name: String) -> [Action] {
        guard var channel = channels[name] else {
            let remaining = (abandoned[name] ?? 1) - 1
            abandoned[name] = remaining > 0 ? remaining : nil
            return []
        }
        channel.requestsInFlight -= 1
        guard channel.requestsInFlight == 0 else {
            channels[name] = channel
            return []
        }
        let waiting = channel.groups
        channel.groups = []
        channel.isConfirmed = true
        channels[name] = channel
        return waiting.flatMap { advance($0) }
    }

    private mutating func advance(_ id: Int) -> [Action] {
        guard var group = groups.removeValue(forKey: id) else { return [] }
        group.missing -= 1
        guard group.missing == 0 else {
            groups[id] = group
            return []
        }
        switch group.purpose {
        case .caller(let waiter): return [.resume(waiter)]
        case .restoring(let names): return [.resubscribed(names.filter { channels[$0] != nil })]
        }
    }

    private mutating func unsolicited(_ kind: RequestKind, _ name: String) -> [Action] {
        guard kind == .unsubscribe else {
            return [.giveUp(RedisError(.protocolViolation, "a subscription was confirmed that nobody asked for"))]
        }
        guard channels[name]?.isConfirmed == true else { return [] }
        channels[name] = Channel()
        _ = add(.restoring([name]), waitingFor: [name])
        return request(.subscribe, [name])
    }

    private mutating func add(_ purpose: Purpose, waitingFor names: Set<String>) -> Int {
        lastGroup += 1
        groups[lastGroup] = Group(purpose: purpose, missing: names.count)
        for name in names { channels[name]?.groups.append(lastGroup) }
        return lastGroup
    }

    private mutating func fail(_ ids: [Int], _ error: RedisError) -> [Action] {
        var actions: [Action] = []
        for id in ids.sorted() {
            guard let group = groups[id] else { continue }
            switch group.purpose {
            case .caller(let waiter):
                groups[id] = nil
                actions.append(.fail(waiter, error))
            case .restoring:
                // Restoring goes on without the channel that was given up.
                actions += isConnected ? advance(id) : []
                if !isConnected { groups[id] = nil }
            }
        }
        return actions
    }

    private func isRestoring(_ id: Int) -> Bool {
        guard case .restoring? = groups[id]?.purpose else { return false }
        return true
    }
}
