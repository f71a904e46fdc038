/// Which channels are wanted of one server and which it confirmed: a value that knows no sockets.
///
/// Channels form a set: subscribing twice is one subscription, and the last call decides. The set outlives connections.
/// The server confirms requests in order, one push a channel, so the first request in flight says what a
/// confirmation is about; an `unsubscribed` that fits none was the server's own doing (the slot moved away). On a cluster
/// the channels of a request share a slot, and a server that does not serve it refuses the whole request.
struct SubscriptionState<Waiter> {
    /// What the shell must do, in order.
    enum Action {
        case send(SubscriptionRequest, [String])
        case resume(Waiter)
        case fail(Waiter, RedisError)
        /// These channels are subscribed again; messages in between were lost.
        case resubscribed([String])
        /// The server does not serve the slot of these channels, and they are forgotten here.
        case displaced([String], RedisError)
        /// The server broke the protocol or refused what it had granted: close the connection.
        case giveUp(RedisError)
    }

    /// The most channels in one command, so that a reconnect with thousands does not send one enormous command.
    static var channelsPerRequest: Int { 256 }

    private struct Request {
        let kind: SubscriptionRequest
        let channels: [String]
        var confirmed = 0
    }

    private struct Channel {
        var requestsInFlight = 0
        var isConfirmed = false
        var groups: [Int] = []
    }

    /// Channels that are awaited together: by a caller, or because all were subscribed before.
    private struct Group {
        let names: Set<String>
        /// Nil where nobody waits, or the caller was refused for one of the channels: the others are then told as restored.
        var waiter: Waiter?
        let isRestoring: Bool
        var missing: Int
    }

    private var isConnected = false
    private var channels: [String: Channel] = [:]
    private var abandoned: [String: Int] = [:]
    private var requests = FIFOQueue<Request>()
    private var groups: [Int: Group] = [:]
    private var lastGroup = 0
    private let limit: Int
    private let separatesSlots: Bool

    /// A set of at most `limit` channels; for a server of a cluster it separates those of different slots.
    init(limit: Int, separatesSlots: Bool = false) {
        self.limit = limit
        self.separatesSlots = separatesSlots
    }

    var channelCount: Int { channels.count }
    var names: [String] { Array(channels.keys) }

    func contains(_ name: String) -> Bool { channels[name] != nil }

    // MARK: - What callers ask

    /// Adds channels for a waiter, who is resumed when all are confirmed.
    mutating func subscribe(_ names: [String], waiter: Waiter) -> [Action] {
        let names = Set(names)
        let new = names.filter { channels[$0] == nil }
        guard channels.count + new.count <= limit, groups.count < limit else {
            return [.fail(waiter, RedisError(.overloaded, "\(limit) channels are subscribed or awaited"))]
        }
        for name in new { channels[name] = Channel(requestsInFlight: abandoned.removeValue(forKey: name) ?? 0) }
        guard isConnected else {
            return [.fail(waiter, RedisError(.unavailable, "not connected; the channels are remembered"))]
        }
        let waiting = names.filter { channels[$0]?.isConfirmed == false }
        guard !waiting.isEmpty else { return [.resume(waiter)] }
        add(waiting, for: waiter)
        return request(.subscribe, Array(new))
    }

    /// Removes channels; whoever still waits for one of them is refused.
    mutating func unsubscribe(_ names: [String]) -> [Action] {
        let (removed, actions) = remove(names, RedisError(.unavailable, "the channel was unsubscribed meanwhile"))
        guard isConnected else { return actions }
        return actions + request(.unsubscribe, removed)
    }

    // MARK: - What the cluster's map tells

    /// Adds channels that were subscribed elsewhere: messages in between were lost.
    mutating func adopt(_ names: [String]) -> [Action] {
        let new = names.filter { channels[$0] == nil }
        for name in new { channels[name] = Channel(requestsInFlight: abandoned.removeValue(forKey: name) ?? 0) }
        guard isConnected, !new.isEmpty else { return [] }
        add(Set(new), for: nil)
        return request(.subscribe, new)
    }

    /// Removes channels whose slot another server has; this one knows that or learns it, and ends their subscriptions.
    mutating func forget(_ names: [String]) -> [Action] {
        remove(names, RedisError(.unavailable, "the channel is on its way to another server")).actions
    }

    // MARK: - What the connection tells

    /// A connection is up: everything wanted is subscribed on it.
    mutating func connected() -> [Action] {
        isConnected = true
        let names = Array(channels.keys)
        guard !names.isEmpty else { return [] }
        add(Set(names), for: nil)
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

    mutating func confirmed(_ kind: SubscriptionRequest, _ name: String) -> [Action] {
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
        guard let request = requests.popFirst(), request.confirmed == 0 else { return [.giveUp(error)] }
        if separatesSlots, error.isDisplacement { return displace(request, error) }
        guard request.kind == .subscribe else { return [.giveUp(error)] }
        var actions: [Action] = []
        for name in request.channels {
            guard let channel = channels[name], channel.requestsInFlight == 1 else {
                // A later request about the same channel decides.
                actions += settle(name)
                continue
            }
            if channel.groups.contains(where: { groups[$0]?.isRestoring == true }) {
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

    private mutating func remove(_ names: [String], _ error: RedisError) -> (removed: [String], actions: [Action]) {
        var actions: [Action] = []
        var removed: [String] = []
        for name in Set(names) {
            guard let channel = channels.removeValue(forKey: name) else { continue }
            removed.append(name)
            if channel.requestsInFlight > 0 { abandoned[name] = channel.requestsInFlight }
            actions += fail(channel.groups, error)
        }
        return (removed, actions)
    }

    /// The slot of a request is another server's; where nothing later was asked about a channel, it goes there.
    private mutating func displace(_ request: Request, _ error: RedisError) -> [Action] {
        var actions: [Action] = []
        var displaced: [String] = []
        for name in request.channels {
            guard request.kind == .subscribe, channels[name]?.requestsInFlight == 1 else {
                actions += settle(name)
                continue
            }
            actions += remove([name], RedisError(.unavailable, error.message)).actions
            abandoned[name] = nil
            displaced.append(name)
        }
        return actions + [.displaced(displaced, error)]
    }

    private mutating func request(_ kind: SubscriptionRequest, _ names: [String]) -> [Action] {
        var actions: [Action] = []
        let parts = Dictionary(grouping: names) { separatesSlots ? HashSlot(of: $0).rawValue : 0 }
        for var rest in parts.values.map({ $0[...] }) {
            while !rest.isEmpty {
                let batch = Array(rest.prefix(Self.channelsPerRequest))
                rest = rest.dropFirst(batch.count)
                for name in batch { countRequest(name) }
                requests.append(Request(kind: kind, channels: batch))
                actions.append(.send(kind, batch))
            }
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
        if let waiter = group.waiter { return [.resume(waiter)] }
        let kept = group.names.filter { channels[$0] != nil }
        return kept.isEmpty ? [] : [.resubscribed(Array(kept))]
    }

    private mutating func unsolicited(_ kind: SubscriptionRequest, _ name: String) -> [Action] {
        guard kind == .unsubscribe else {
            return [.giveUp(RedisError(.protocolViolation, "a subscription was confirmed that nobody asked for"))]
        }
        guard channels[name]?.isConfirmed == true else { return [] }
        if separatesSlots {
            // Who was a master and is a replica now would take the channel back, but the map knows a better place.
            channels[name] = nil
            return [.displaced([name], RedisError(.server(prefix: "MOVED"), "the slot has left"))]
        }
        channels[name] = Channel()
        add([name], for: nil)
        return request(.subscribe, [name])
    }

    private mutating func add(_ names: Set<String>, for waiter: Waiter?) {
        lastGroup += 1
        groups[lastGroup] = Group(names: names, waiter: waiter, isRestoring: waiter == nil, missing: names.count)
        for name in names { channels[name]?.groups.append(lastGroup) }
    }

    /// One of these groups' channels is given up, or with the connection all of them; the others are still awaited.
    private mutating func fail(_ ids: [Int], _ error: RedisError) -> [Action] {
        var actions: [Action] = []
        for id in ids.sorted() {
            if let waiter = groups[id]?.waiter.take() { actions.append(.fail(waiter, error)) }
            if isConnected { actions += advance(id) } else { groups[id] = nil }
        }
        return actions
    }
}
