internal import Domain
internal import Testing

/// A random history of one chat, and what its members should find unread in it, counted message by message.
struct UnreadHistory {
    private struct Said {
        let sender: UserID
        let type: MessageType
        var isDeleted = false
        var called: Set<UserID>
        var callsAll: Bool
    }

    private let ports: StorePorts
    private var random: SplitMix64
    private let people: [User]
    private let chat: ChatID
    private var said: [Said] = []
    /// Read marks of those who are in.
    private var marks: [UserID: Int64] = [:]
    private var flagged: Set<UserID> = []
    private var left: BatchID?

    /// Begins a chat of some of four people; the first is its owner and stays.
    init(_ ports: StorePorts, seed: UInt64) async throws {
        self.ports = ports
        random = SplitMix64(seed: seed)
        var people: [User] = []
        for _ in 0..<4 { people.append(try await ports.someone()) }
        self.people = people
        chat = try await ports.group(people[0], people[1])
        marks = [people[0].id: 0, people[1].id: 0]
    }

    /// Lets things happen, and compares after each of them what every port tells with the count.
    mutating func run(steps: Int) async throws {
        for step in 0..<steps {
            let what = try await happen()
            try await compare("step \(step), \(what)")
        }
    }

    // MARK: What happens

    private mutating func happen() async throws -> String {
        let actor = random.pick(people.filter { marks[$0.id] != nil })
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<45: return try await say(as: actor)
        case 45..<55: return try await remove()
        case 55..<63: return try await restore()
        case 63..<70: return try await edit()
        case 70..<84: return try await read(as: actor)
        case 84..<88: return try await flag(as: actor)
        default: return try await comeOrGo()
        }
    }

    private mutating func say(as actor: User) async throws -> String {
        let type: MessageType = random.chance(percent: 15) ? .system : .text
        let mentions = mentions()
        let draft = MessageDraft(type: type, content: "x", mentions: mentions)
        said.append(Said(sender: actor.id, type: type, called: [], callsAll: false))
        call(mentions, in: said.count - 1)
        // Some stay unfinished for a while, so that heads are behind.
        try await commit(ports.operation(chat, actor, .createMessage(draft)), finishes: random.chance(percent: 70))
        return "\(type) by \(actor.id)"
    }

    private mutating func mentions() -> [Mention] {
        guard random.chance(percent: 30) else { return [] }
        return random.chance(percent: 30) ? [random.pick([.all, .here])] : [.user(random.pick(people).id)]
    }

    /// Members count, as of now, and nobody calls themselves.
    private mutating func call(_ mentions: [Mention], in index: Int) {
        said[index].callsAll = mentions.contains(.all) || mentions.contains(.here)
        let named = mentions.compactMap { if case .user(let user) = $0 { user } else { nil } }
        said[index].called = Set(named).intersection(marks.keys).subtracting([said[index].sender])
    }

    private mutating func remove() async throws -> String {
        guard let index = said.indices.filter({ !said[$0].isDeleted }).randomElement(using: &random) else { return "-" }
        try await commit(ports.delete(chat, Int64(index + 1), people[0]))
        said[index].isDeleted = true
        return "deletion of \(index + 1)"
    }

    private mutating func restore() async throws -> String {
        guard let index = said.indices.filter({ said[$0].isDeleted }).randomElement(using: &random) else { return "-" }
        try await commit(ports.restore(chat, Int64(index + 1), people[0]))
        said[index].isDeleted = false
        return "restoration of \(index + 1)"
    }

    private mutating func edit() async throws -> String {
        let mine = said.indices.filter {
            said[$0].sender == people[0].id && !said[$0].isDeleted && said[$0].type == .text
        }
        guard let index = mine.randomElement(using: &random) else { return "-" }
        let (mentions, old) = (mentions(), try await ports.old(chat, Int64(index + 1)))
        let edit = MessageEdit(content: "y", mentions: mentions)
        try await commit(ports.operation(chat, people[0], .editMessage(edit, of: old)))
        call(mentions, in: index)
        return "edit of \(index + 1)"
    }

    private mutating func read(as actor: User) async throws -> String {
        let number = Int64.random(in: 0...Int64(said.count + 1), using: &random)
        let mark = ReadMark(chat: chat, user: actor.id, sequence: SequenceNumber(rawValue: number))
        let progress = try #require(try await ports.reads.advance([mark]).first ?? nil)
        if number <= said.count {
            marks[actor.id] = max(marks[actor.id] ?? 0, number)
            flagged.remove(actor.id)
        }
        let expected = count(for: actor.id)
        #expect(progress.unread == expected.unread && progress.mentions == expected.mentions, "the answer to reading")
        #expect(progress.readSequence.rawValue == marks[actor.id])
        return "\(actor.id) reads \(number)"
    }

    private mutating func flag(as actor: User) async throws -> String {
        let isOn = random.chance(percent: 70)
        _ = try await ports.memberships.change(MembershipChange(isMarkedUnread: isOn), of: chat, for: actor.id)
        if isOn { flagged.insert(actor.id) } else { flagged.remove(actor.id) }
        return "\(actor.id) marks unread: \(isOn)"
    }

    private mutating func comeOrGo() async throws -> String {
        let user = random.pick(Array(people.dropFirst()))
        guard marks[user.id] == nil else {
            let actor = random.chance(percent: 50) ? user : people[0]
            try await commit(ports.operation(chat, actor, .removeParticipant(user.id)))
            marks[user.id] = nil
            flagged.remove(user.id)
            return "\(user.id) goes"
        }
        if random.chance(percent: 50) {
            let invite = try await ports.invite(chat, people[0], InviteDraft(maxUses: 1))
            try await commit(ports.join(chat, user, invite.code))
        } else {
            try await commit(ports.add(user, chat, people[0]))
        }
        marks[user.id] = Int64(said.count)
        return "\(user.id) comes"
    }

    private mutating func commit(_ operation: Operation, finishes: Bool = true) async throws {
        let batch = BatchID.random()
        let dropped = left.map { [$0] } ?? []
        let results = try await ports.log.commit(batch, [operation], dropping: dropped, wait: true)
        guard results.first?.allocation != nil else { throw StepFailed(step: "\(operation.kind): \(results)") }
        left = batch
        guard finishes else { return }
        try await ports.log.drop([batch])
        left = nil
    }

    // MARK: What should be found

    private func count(for user: UserID, through head: Int? = nil) -> (unread: Int, mentions: Int) {
        let read = Int(marks[user] ?? 0)
        let end = head ?? said.count
        guard read < end else { return (0, 0) }
        let waiting = said[read..<end].filter { $0.sender != user && $0.type != .system && !$0.isDeleted }
        return (waiting.count, waiting.count { $0.callsAll || $0.called.contains(user) })
    }

    /// The message that a page around what is unread is around.
    private func anchor(for user: UserID) -> Int {
        let read = Int(marks[user] ?? 0)
        let first = said.indices.first {
            $0 >= read && said[$0].sender != user && said[$0].type != .system && !said[$0].isDeleted
        }
        return first.map { $0 + 1 } ?? said.count
    }

    private func compare(_ place: String) async throws {
        for user in people.map(\.id) {
            let chats = try await ports.directory.chats(of: user, limit: 10, cursor: nil).items
            let waiting = try await ports.reads.unread(of: user, limit: 10, cursor: nil)
            let heads = try await ports.directory.heads(of: user, only: nil)
            guard marks[user] != nil else {
                #expect(chats.isEmpty && heads.isEmpty && waiting.total == 0 && waiting.chats.items.isEmpty, "\(place)")
                continue
            }
            let (expected, isFlagged) = (count(for: user), flagged.contains(user))
            let one = try await ports.directory.chat(chat, for: user)?.my
            for my in [one, chats.first?.my] {
                #expect(my?.unread == expected.unread && my?.mentions == expected.mentions, "\(user) after \(place)")
                #expect(my?.readSequence.rawValue == marks[user] && my?.isMarkedUnread == isFlagged)
            }
            #expect(waiting.total == expected.unread && waiting.mentions == expected.mentions, "\(user) after \(place)")
            let entry = UnreadChat(
                chat: chat,
                unread: expected.unread,
                mentions: expected.mentions,
                isMarkedUnread: isFlagged
            )
            #expect(waiting.chats.items == (expected.unread > 0 || isFlagged ? [entry] : []), "\(user) after \(place)")
            // A page of one message shows the one that it is around.
            let page = try await ports.history.snapshot(of: chat, for: user, window: .firstUnread, limit: 1)
            let shown = page?.rows.map { Int($0.sequence.rawValue) }
            let around: [Int] = said.isEmpty ? [] : [anchor(for: user)]
            #expect(shown == around, "\(user) after \(place)")
            let head = try #require(heads.first)
            let announced = count(for: user, through: Int(head.lastSequence.rawValue)).unread
            #expect(head.unread == announced, "ready of \(user) after \(place)")
        }
    }
}

extension StoreScenario {
    /// Unread counts are arithmetic on what is stored; here they are counted one by one.
    static let unreadScenarios: [StoreScenario] = (1...6).map { seed in
        StoreScenario("whatever happens in a chat, each member finds unread what a count finds, seed \(seed)") {
            ports in
            var history = try await UnreadHistory(ports, seed: UInt64(seed))
            try await history.run(steps: 60)
        }
    }
}
