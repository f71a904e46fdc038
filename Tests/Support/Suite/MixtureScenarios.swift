internal import Domain
internal import Testing

extension StoreScenario {
    /// A batch is what its operations are one after the other.
    static let mixtureScenarios: [StoreScenario] =
        [
            StoreScenario("members come and go within a batch, and may what they may just then") { ports in
                let (ada, bob) = (try await ports.someone(), try await ports.someone())
                let chat = try await ports.group(ada)
                let results = try await ports.commit([
                    ports.say("early", chat, bob), ports.add(bob, chat, ada), ports.say("in", chat, bob),
                    ports.react("+", chat, 1, bob), ports.operation(chat, bob, .removeParticipant(bob.id)),
                    ports.say("late", chat, bob), ports.pin(chat, 1, ada),
                ])
                #expect(
                    results.map(\.refusal) == [.chatNotFound, nil, nil, nil, nil, .chatNotFound, nil]
                )
                let offsets = results.compactMap(\.allocation?.offset.rawValue)
                #expect(offsets == [2, 3, 4, 5, 6] && results[2].allocation?.sequence?.rawValue == 1)
            },
            StoreScenario("a chat is made and used in one batch, but not before it is made") { ports in
                let (ada, bob) = (try await ports.someone(), try await ports.someone())
                let (chat, pair) = (try await ports.log.nextChatID(), try await ports.log.nextChatID())
                let second = try await ports.log.nextChatID()
                let direct = ChatDraft(type: .direct, participants: [bob.id])
                let back = ChatDraft(type: .direct, participants: [ada.id])
                let batch = BatchID.random()
                let results = try await ports.commit(
                    [
                        ports.say("early", pair, ada), ports.say("early", chat, ada),
                        ports.operation(chat, ada, .createChat(ChatDraft(type: .group, participants: []))),
                        ports.operation(pair, ada, .createChat(direct)), ports.say("1", chat, ada),
                        ports.operation(second, bob, .createChat(back)), ports.say("2", pair, bob),
                    ],
                    as: batch
                )
                #expect(results.prefix(2).map(\.refusal) == [.chatNotFound, .chatNotFound])
                #expect(results[5] == .existingChat(pair))
                let offsets = [2, 3, 4, 6].map { results[$0].allocation?.offset.rawValue }
                #expect(offsets == [1, 1, 2, 2])
                try await ports.log.drop([batch])
                let heads = try await ports.directory.announcedOffsets(of: [chat, pair])
                #expect(heads == [chat: Offset(rawValue: 2), pair: Offset(rawValue: 2)])
            },
        ]
        + (1...4).map { seed in
            StoreScenario("random operations come out alike in batches and singly, by seed \(seed)") { ports in
                var trial = try await MixtureTrial(ports: ports, seed: UInt64(seed))
                try await trial.run(operations: 150)
            }
        }
}

/// The same random operations in two worlds: singly in one, in batches in the other.
///
/// A world is three chats of the same people, so that they differ in nothing but their chats' ids and times.
private struct MixtureTrial {
    private let ports: StorePorts
    private let people: [User]
    private let single: [ChatID]
    private let batched: [ChatID]
    private var random: SplitMix64
    private var waiting: [(operation: Operation, expected: CommitResult)] = []
    private var ids: [OperationID] = []
    private var finished: [BatchID] = []

    init(ports: StorePorts, seed: UInt64) async throws {
        self.ports = ports
        random = SplitMix64(seed: seed)
        let people = [
            try await ports.someone(), try await ports.someone(), try await ports.someone(), try await ports.someone(),
        ]
        func world() async throws -> [ChatID] {
            var chats: [ChatID] = []
            for _ in 0..<3 { chats.append(try await ports.group(people[0], people[1], people[2])) }
            return chats
        }
        self.people = people
        single = try await world()
        batched = try await world()
    }

    mutating func run(operations count: Int) async throws {
        for _ in 0..<count {
            let (index, actor, id) = (random.below(3), person(), identifier())
            let body = try await body(in: single[index])
            let operation = ports.operation(single[index], actor, body, id: id)
            let result = try await commit([operation])[0]
            let moved = Self.moved(body, to: batched[index])
            waiting.append((ports.operation(batched[index], actor, moved, id: id), result))
            if random.below(12) == 0 { try await flush() }
        }
        try await flush()
        try await ports.log.drop(finished)
        for (left, right) in zip(single, batched) { try await compare(left, right) }
    }

    private mutating func flush() async throws {
        let results = try await commit(waiting.map(\.operation))
        for (entry, result) in zip(waiting, results) {
            #expect(Self.plain(result) == Self.plain(entry.expected), "\(entry.operation.body)")
        }
        waiting = []
    }

    private mutating func commit(_ operations: [Operation]) async throws -> [CommitResult] {
        let batch = BatchID.random()
        finished.append(batch)
        return try await ports.commit(operations, as: batch)
    }

    // MARK: Choosing

    private mutating func person() -> User { people[random.below(people.count)] }

    /// Mostly a new one; now and then one that was used.
    private mutating func identifier() -> OperationID {
        if !ids.isEmpty, random.below(8) == 0 { return ids[random.below(ids.count)] }
        ids.append(.random())
        return ids[ids.count - 1]
    }

    private mutating func body(in chat: ChatID) async throws -> Operation.Body {
        let sequence = SequenceNumber(rawValue: Int64(1 + random.below(8)))
        let role = Role.allCases[random.below(3)]
        switch random.below(14) {
        case 0..<3: return .createMessage(MessageDraft(content: "x"))
        case 3, 4: return .createMessage(MessageDraft(content: "y", threadRoot: sequence))
        case 5: return .createMessage(MessageDraft(content: "z", replyTo: sequence))
        case 6: return .editMessage(MessageEdit(content: "new"), of: try await old(chat, sequence))
        case 7: return .deleteMessage(try await old(chat, sequence))
        case 8: return .restoreMessage(try await old(chat, sequence))
        case 9, 10: return .react(sequence, emoji: ["+", "-"][random.below(2)], isOn: random.below(3) > 0)
        case 11: return .pin(sequence, isOn: random.below(3) > 0)
        case 12: return .changeChat(ChatChange(name: [.set("a"), .set("b"), .clear][random.below(3)]))
        default:
            let user = person().id
            switch random.below(3) {
            case 0:
                return .addParticipant(
                    ParticipantAddition(user: user, role: role, memberLimit: 3 + random.below(2))
                )
            case 1: return .changeRole(user, to: role)
            default: return .removeParticipant(user)
            }
        }
    }

    /// Mostly at its latest revision.
    private mutating func old(_ chat: ChatID, _ sequence: SequenceNumber) async throws -> MessageImage {
        var image = try await ports.old(chat, sequence.rawValue)
        if random.below(6) == 0 { image.revision = Offset(rawValue: 1) }
        return image
    }

    private static func moved(_ body: Operation.Body, to chat: ChatID) -> Operation.Body {
        func moved(_ image: MessageImage) -> MessageImage {
            var image = image
            image.id = MessageID(chat: chat, sequence: image.id.sequence)
            return image
        }
        switch body {
        case .editMessage(let edit, let image): return .editMessage(edit, of: moved(image))
        case .deleteMessage(let image): return .deleteMessage(moved(image))
        case .restoreMessage(let image): return .restoreMessage(moved(image))
        default: return body
        }
    }

    // MARK: Comparing

    private func compare(_ left: ChatID, _ right: ChatID) async throws {
        let all = (1...200).map { SequenceNumber(rawValue: $0) }
        let rows = try await ports.history.metadata(of: left, sequences: all)
        let others = try await ports.history.metadata(of: right, sequences: all)
        #expect(rows == others && rows.map(\.sequence) == Array(all.prefix(rows.count)))
        let events = try await ports.history.announcedEvents(of: left, after: .zero, limit: 1000)
        let same = try await ports.history.announcedEvents(of: right, after: .zero, limit: 1000)
        #expect(events.map(\.offset.rawValue) == (1...Int64(events.count)).map { $0 })
        #expect(events.dropFirst().map(Self.plain) == same.dropFirst().map(Self.plain))
        for user in people {
            let members = try await ports.directory.participants(of: left, for: user.id, limit: 10, cursor: nil)
            let twins = try await ports.directory.participants(of: right, for: user.id, limit: 10, cursor: nil)
            #expect(members.map(Self.roles) == twins.map(Self.roles))
            let chat = try await ports.directory.chat(left, for: user.id)
            let twin = try await ports.directory.chat(right, for: user.id)
            #expect(chat.map(Self.plain) == twin.map(Self.plain))
        }
    }

    private static func roles(_ members: Page<Participant>) -> [UserID: Role] {
        Dictionary(members.items.map { ($0.user, $0.role) }, uniquingKeysWith: { $1 })
    }

    /// Without times, ids of chats, and what depends on which batch an earlier operation was in.
    private static func plain(_ result: CommitResult) -> CommitResult {
        func plain(_ allocation: Allocation, withThread: Bool) -> Allocation {
            var allocation = allocation
            allocation.at = Timestamp(milliseconds: 0)
            allocation.thread?.lastReplyAt = nil
            if !withThread { allocation.thread = nil }
            allocation.facts = allocation.facts.map(Self.plain)
            return allocation
        }
        switch result {
        case .committed(let allocation): return .committed(plain(allocation, withThread: true))
        case .duplicate(let allocation, let pending):
            #expect(pending != nil, "every redo row is still there")
            return .duplicate(plain(allocation, withThread: false), pending: nil)
        case .unchanged(let offset, _): return .unchanged(offset, pending: nil)
        default: return result
        }
    }

    private static func plain(_ facts: EventFacts) -> EventFacts {
        func plain(_ participant: Participant) -> Participant {
            var participant = participant
            participant.joinedAt = Timestamp(milliseconds: 0)
            return participant
        }
        switch facts {
        case .message: return facts
        case .chat(let chat): return .chat(Self.plain(chat))
        case .participant(let participant, let chat):
            return .participant(plain(participant), chat: chat.map(Self.plain))
        }
    }

    private static func plain(_ chat: Chat) -> Chat {
        var chat = chat
        chat.id = ChatID(rawValue: 1)
        chat.createdAt = Timestamp(milliseconds: 0)
        chat.updatedAt = Timestamp(milliseconds: 0)
        return chat
    }

    private static func plain(_ event: LoggedEvent) -> LoggedEvent {
        var event = event
        event.at = Timestamp(milliseconds: 0)
        event.facts = event.facts.map(Self.plain)
        return event
    }
}
