import JSON
import Support
import Web

/// What somebody who comes and goes hears over sockets.
extension RemovalRace {
    /// Connects, resumes from somewhere, listens and speaks for a while, and is cut off; mostly on the other node next.
    func listen(as user: TestUser, from first: Int, _ random: inout SplitMix64) async throws {
        var cursors: [Int64: Int64] = [:]
        var node = first
        while !isOver {
            if random.chance(percent: 15) {
                try await listenToOne(as: user, on: node, &random)
            } else {
                try await listen(as: user, on: node, &cursors, &random)
            }
            if random.chance(percent: 70) { node = 1 - node }
        }
    }

    private func listen(
        as user: TestUser,
        on node: Int,
        _ cursors: inout [Int64: Int64],
        _ random: inout SplitMix64
    ) async throws {
        let before = chats.map { memberships[key(user, $0)] }
        let socket = try await TestSocket.connect(to: client(of: node), .header(user.token), query: "resume=1")
        defer { socket.connection.close() }
        let what = "a socket of user \(user.id) on node \(node)"
        let ear = Ear(self, user, what)
        ear.listen(to: socket)
        let hello = try await socket.frame("hello")
        var known: [String] = []
        for chat in chats {
            let reached = cursors[chat] ?? 1
            known.append(
                #""\#(chat)":\#(random.chance(percent: 70) ? reached : Int64(random.below(Int(reached) + 1)))"#
            )
        }
        let list = known.joined(separator: ",")
        socket.send(#"{"type":"resume","epoch":"\#(hello.string("epoch") ?? "")","cursors":{\#(list)}}"#)
        for type in ["ready", "resumed"] {
            // Who is removed while being told what was missed is sent away, to come again.
            try await eventually("\(what) is \(type)") { socket.isClosed || socket.count(type) > 0 }
            guard socket.count(type) > 0 else { return memberships.count("dismissals") }
            judge(try await socket.frame(type), as: user, since: before, type)
        }
        for _ in 0..<random.below(12) where !isOver && !socket.isClosed {
            try await speak(as: user, on: socket, &random)
            await pause(5...60, &random)
        }
        for heads in socket.heartbeats.map({ $0.object("heads") }) {
            for chat in chats { ear.hear(head: heads.integer("\(chat)"), of: chat) }
        }
        cursors.merge(ear.reached) { max($0, $1) }
    }

    /// The chats that a frame of the handshake lists.
    private func judge(_ frame: JSONObject, as user: TestUser, since before: [Memberships.Moment], _ what: String) {
        for (chat, moment) in zip(chats, before) {
            let key = key(user, chat)
            let entry = frame.objects("chats").first { $0.integer("chat_id") == chat }
            // A cursor was sent for each chat: `resumed` says of every one what became of it.
            if moment.isRemoved(until: memberships[key]), entry != nil || what == "resumed" {
                memberships.count("\(what)s")
                if entry?.bool("gone") != true {
                    let said = entry.map { "\($0)" } ?? "nothing"
                    memberships.violate("\(what) of user \(user.id), chat \(chat), removed: \(said)")
                }
            }
            if let entry { memberships.shown(.object(entry), to: key, askedAt: moment, what) }
        }
        if what == "ready", zip(chats, before).contains(where: { $1.isRemoved(until: memberships[key(user, $0)]) }) {
            memberships.count("readies")
        }
    }

    /// A socket of one chat, which those out of it do not get.
    private func listenToOne(as user: TestUser, on node: Int, _ random: inout SplitMix64) async throws {
        let chat = random.pick(chats)
        let before = memberships[key(user, chat)]
        let socket = try await TestSocket.connect(to: client(of: node), .header(user.token), chat: chat)
        defer { socket.connection.close() }
        let ear = Ear(self, user, "a socket of chat \(chat) of user \(user.id) on node \(node)")
        ear.listen(to: socket)
        try await eventually("the socket is ready, or closed") {
            socket.isClosed || socket.frames.contains { $0.string("type") == "ready" }
        }
        if before.isRemoved(until: memberships[key(user, chat)]) {
            memberships.count("sockets of one chat")
            if socket.connection.closeStatus?.code.rawValue != 4003 {
                memberships.violate("a socket of chat \(chat) for user \(user.id), removed")
            }
        }
        await pause(5...300, &random)
    }

    /// A command; whoever is out of the chat when it is sent is refused.
    private func speak(as user: TestUser, on socket: TestSocket, _ random: inout SplitMix64) async throws {
        let chat = random.pick(chats)
        let (key, id) = (key(user, chat), "\(random.next())")
        let message = message(of: chat, &random)
        let command =
            switch random.below(5) {
            case 0: #""message","chat_id":\#(chat),"content":"race on a socket""#
            case 1: #""react","message_id":"\#(message)","emoji":"🙂""#
            case 2: #""read","chat_id":\#(chat),"seq":1"#
            case 3: #""typing","chat_id":\#(chat),"state":"start""#
            default: #""delete","message_id":"\#(message)""#
            }
        let before = memberships[key]
        socket.send(#"{"type":\#(command),"id":"\#(id)"}"#)
        try await eventually("an answer") { socket.isClosed || socket.frames.contains { $0.string("id") == id } }
        guard let answer = socket.frames.first(where: { $0.string("id") == id }) else { return }
        // What one is typing is taken for as long as the socket has not been told of the end.
        // A node that had no time to answer tells nothing either.
        let isTold = !["store_unavailable", "overloaded"].contains(answer.string("code") ?? "")
        if isTold, before.isRemoved(until: memberships[key]), !command.hasPrefix("\"typing") {
            memberships.count("commands")
            if answer.string("code") != "chat_not_found" {
                memberships.violate("\(command) of user \(user.id), removed: \(answer)")
            }
        }
        memberships.shown(.object(answer), to: key, askedAt: before, command)
    }
}

/// Hears a socket: in a chat, what is durable in order, and nothing before or after a membership.
///
/// Which there are at first, `ready` says; each later one begins and ends with an event.
final class Ear {
    private unowned let race: RemovalRace
    private let user: TestUser
    private let name: String
    /// Chats of which nothing may come until an event takes the user in.
    private var ended: Set<Int64>
    /// Whether `ready` has come, before which nothing may.
    private var isReady = false
    /// The last offset heard of each chat.
    private(set) var reached: [Int64: Int64] = [:]

    init(_ race: RemovalRace, _ user: TestUser, _ name: String) {
        self.race = race
        self.user = user
        self.name = name
        ended = Set(race.chats)
    }

    /// Hears what a socket has received, which may be its `ready` already, and then all that it receives.
    func listen(to socket: TestSocket) {
        for frame in socket.frames { _ = hear(frame) }
        socket.onFrame = { self.hear($0) }
    }

    /// A head that a heartbeat tells.
    func hear(head: Int64?, of chat: Int64) {
        guard let head else { return }
        race.memberships.count("heads")
        race.memberships.received(head, by: race.key(user, chat), "the head of chat \(chat) on \(name)")
    }

    /// False for what answers a command or belongs to the handshake.
    func hear(_ frame: JSONObject) -> Bool {
        if frame.string("type") == "ready" {
            isReady = true
            ended = Set(race.chats).subtracting(frame.objects("chats").compactMap { $0.integer("chat_id") })
        }
        guard let type = frame.string("type"), frame.string("id") == nil, let chat = frame.integer("chat_id") else {
            return false
        }
        let what = "\(type) of chat \(chat) on \(name)"
        if type == "participant.added", frame.object("participant").integer("user_id") == user.id {
            ended.remove(chat)
        }
        // A loop that learns from the stores, not from an event, that the user is in again may pass on what is typed a moment
        // before it has read that event. While nobody has begun to take the user in there is no such excuse.
        let isEarly =
            isReady && frame.integer("offset") == nil && race.memberships[race.key(user, chat)].phase != .removed
        if ended.contains(chat), !isEarly { race.memberships.violate("\(what), out of it") }
        if type == "participant.removed", frame.integer("user_id") == user.id {
            ended.insert(chat)
            race.memberships.count("ends")
        }
        guard let offset = frame.integer("offset") else { return true }
        if offset <= reached[chat] ?? 0 {
            race.memberships.violate("\(what) at \(offset), after \(reached[chat] ?? 0)")
        }
        reached[chat] = offset
        race.memberships.received(offset, by: race.key(user, chat), what)
        return true
    }
}
