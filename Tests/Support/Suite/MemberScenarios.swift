internal import Domain
internal import Testing

extension StoreScenario {
    /// Who may do what to members and chats.
    static let memberScenarios: [StoreScenario] = [
        StoreScenario("each role adds, changes and removes as far as it may") { ports in
            for actor in Role.allCases {
                for target in Role.allCases {
                    for wanted in Role.allCases {
                        try await tryRoles(ports, actor, target, wanted)
                    }
                }
            }
        },
        StoreScenario("who joins is told the chat and has read what was said before") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada)
            try await ports.done(ports.say("1", chat, ada))
            let joined = try await ports.done(ports.add(bob, chat, ada, .admin))
            guard case .participant(let participant, let seen?)? = joined.facts else {
                Issue.record("\(joined)")
                return
            }
            #expect(
                participant == Participant(user: bob.id, username: bob.username, role: .admin, joinedAt: joined.at)
            )
            #expect(seen.participantCount == 2 && seen.lastOffset == joined.offset && seen.lastSequence.rawValue == 1)
            #expect(seen.id == chat && seen.name == "room" && seen.createdBy == ada.id && seen.my == nil)
            let view = try #require(try await ports.directory.chat(chat, for: bob.id))
            #expect(view.my == Membership(role: .admin, readSequence: SequenceNumber(rawValue: 1), unread: 0))
            #expect(view.participantCount == 2)
            let again = try await ports.one(ports.add(bob, chat, ada))
            #expect(again == .unchanged(joined.offset, pending: nil))
            let events = try await ports.history.announcedEvents(of: chat, after: Offset(rawValue: 2), limit: 10)
            #expect(events.map(\.kind) == [.participantAdded] && events[0].facts == joined.facts)
        },
        StoreScenario("nobody joins a full chat, a direct one, or without an account") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            let full = try await ports.one(ports.add(eve, chat, ada, limit: 2))
            let again = try await ports.one(ports.add(bob, chat, ada, limit: 2))
            #expect(full.refusal == .limitExceeded && again == .unchanged(Offset(rawValue: 1), pending: nil))
            let nobody = ParticipantAddition(user: UserID(rawValue: 1 << 52), role: .member, memberLimit: 9)
            let unknown = try await ports.one(ports.operation(chat, ada, .addParticipant(nobody)))
            #expect(unknown.refusal == .userNotFound)
            let pair = try await ports.log.nextChatID()
            let draft = ChatDraft(type: .direct, participants: [bob.id])
            try await ports.done(ports.operation(pair, ada, .createChat(draft)))
            let refused = [
                try await ports.one(ports.add(eve, pair, ada)),
                try await ports.one(ports.role(.admin, of: bob, pair, by: ada)),
                try await ports.one(ports.operation(pair, ada, .changeChat(ChatChange(name: .set("x"))))),
            ]
            #expect(refused.map(\.refusal) == [.forbidden, .forbidden, .forbidden])
        },
        StoreScenario("nobody is taken into more chats than one may be in, and memberships stay") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            func create(
                _ type: ChatType,
                by founder: User,
                with others: [User],
                limit: Int
            ) async throws -> CommitResult {
                let draft = ChatDraft(type: type, participants: others.map(\.id), chatLimit: limit)
                let chat = try await ports.log.nextChatID()
                return try await ports.one(ports.operation(chat, founder, .createChat(draft)))
            }
            func take(
                _ user: User,
                into chat: ChatID,
                by actor: User,
                _ entrance: Entrance? = nil,
                limit: Int
            ) -> Operation {
                ports.operation(
                    chat,
                    actor,
                    .addParticipant(
                        ParticipantAddition(
                            user: user.id,
                            role: .member,
                            memberLimit: 9,
                            chatLimit: limit,
                            entrance: entrance
                        )
                    )
                )
            }
            let first = try await ports.group(ada, bob)
            let direct = try await create(.direct, by: ada, with: [bob], limit: 2)
            #expect(direct.allocation != nil)
            let group = try await ports.group(eve)
            try await ports.done(ports.operation(group, eve, .changeChat(ChatChange(visibility: .public))))
            let invite = try await ports.invite(group, eve, InviteDraft(maxUses: 1))
            let refused = [
                try await create(.group, by: eve, with: [bob], limit: 2),
                try await create(.group, by: bob, with: [], limit: 2),
                try await create(.direct, by: eve, with: [bob], limit: 2),
                try await ports.one(take(bob, into: group, by: eve, limit: 2)),
                try await ports.one(take(bob, into: group, by: bob, .open, limit: 2)),
                try await ports.one(take(bob, into: group, by: bob, .invite(invite.code), limit: 2)),
            ]
            #expect(refused.allSatisfy { $0.refusal == .limitExceeded }, "\(refused)")
            let uses = try await ports.invites.invites(of: group, for: eve.id).map(\.uses)
            #expect(uses == [0])
            // What there is stays, and nothing of a refused direct chat is left.
            guard case .existingChat = try await create(.direct, by: ada, with: [bob], limit: 2) else {
                Issue.record("the pair's chat is not told")
                return
            }
            let again = try await ports.one(take(bob, into: first, by: ada, limit: 2))
            #expect(again == .unchanged(Offset(rawValue: 1), pending: nil))
            try await ports.done(take(bob, into: group, by: eve, limit: 3))
            let pair = try await create(.direct, by: eve, with: [bob], limit: 4)
            #expect(pair.allocation != nil)
        },
        StoreScenario("the last owner cannot step down, and may once there is another") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            let early = try await ports.one(ports.role(.member, of: ada, chat, by: ada))
            #expect(early.refusal == .lastOwner)
            let raised = try await ports.done(ports.role(.owner, of: bob, chat, by: ada))
            guard case .participant(let participant, chat: nil)? = raised.facts else {
                Issue.record("\(raised)")
                return
            }
            #expect(participant.user == bob.id && participant.role == .owner)
            let same = try await ports.one(ports.role(.owner, of: bob, chat, by: ada))
            #expect(same == .unchanged(raised.offset, pending: nil))
            try await ports.done(ports.role(.member, of: ada, chat, by: ada))
            let late = try await ports.one(ports.role(.admin, of: ada, chat, by: ada))
            #expect(late.refusal == .forbidden)
            let alone = try await ports.group(ada)
            let stuck = try await ports.one(ports.role(.member, of: ada, alone, by: ada))
            #expect(stuck.refusal == .lastOwner)
        },
        StoreScenario("a chat is changed field by field, and only that moves when it was updated") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            func change(_ change: ChatChange, by actor: User) async throws -> CommitResult {
                try await ports.one(ports.operation(chat, actor, .changeChat(change)))
            }
            let member = try await change(ChatChange(name: .set("x")), by: bob)
            #expect(member.refusal == .forbidden)
            let before = try #require(try await ports.directory.chat(chat, for: ada.id))
            try await ports.done(ports.say("1", chat, ada))
            try await ports.done(ports.role(.admin, of: bob, chat, by: ada))
            let talked = try #require(try await ports.directory.chat(chat, for: ada.id))
            #expect(talked.updatedAt == before.updatedAt)
            let changed = ChatChange(name: .set("den"), description: .set("words"), visibility: .public)
            let allocation = try #require(try await change(changed, by: bob).allocation)
            guard case .chat(var told)? = allocation.facts else {
                Issue.record("\(allocation)")
                return
            }
            #expect(told.name == "den" && told.description == "words" && told.visibility == .public)
            #expect(told.avatarURL == nil && told.updatedAt == allocation.at && told.lastOffset == allocation.offset)
            let seen = try #require(try await ports.directory.chat(chat, for: bob.id))
            (told.my, told.state) = (seen.my, seen.state)
            #expect(seen == told)
            let same = try await change(ChatChange(name: .set("den"), avatarURL: .clear), by: ada)
            #expect(same == .unchanged(allocation.offset, pending: nil))
            let cleared = try await change(ChatChange(name: .clear, avatarURL: .set("https://a.example")), by: ada)
            guard case .chat(let last)? = cleared.allocation?.facts else {
                Issue.record("\(cleared)")
                return
            }
            #expect(last.name == nil && last.avatarURL == "https://a.example" && last.description == "words")
        },
    ]

    /// In a group of another owner, `actor` gives `target` the role `wanted`, adds one with it, and removes `target`.
    private static func tryRoles(_ ports: StorePorts, _ actor: Role, _ target: Role, _ wanted: Role) async throws {
        let people = [try await ports.someone(), try await ports.someone(), try await ports.someone()]
        let (owner, doer, other, new) = (people[0], people[1], people[2], try await ports.someone())
        let chat = try await ports.group(owner, doer, other)
        if actor != .member { try await ports.done(ports.role(actor, of: doer, chat, by: owner)) }
        if target != .member { try await ports.done(ports.role(target, of: other, chat, by: owner)) }
        let mayTouch = actor == .owner || (actor == .admin && target != .owner)
        let mayGive = actor == .owner || (actor == .admin && wanted != .owner)
        let results = try await ports.commit([
            ports.role(wanted, of: other, chat, by: doer), ports.add(new, chat, doer, wanted),
        ])
        let changes: Failure.Code? = mayTouch && mayGive ? nil : .forbidden
        #expect(results[0].refusal == changes, "\(actor) makes \(target) \(wanted)")
        #expect((results[0].allocation == nil) == (changes != nil || target == wanted))
        #expect(results[1].refusal == (mayGive ? nil : .forbidden), "\(actor) adds \(wanted)")
        let role = changes == nil ? wanted : target
        let removal = try await ports.one(ports.operation(chat, doer, .removeParticipant(other.id)))
        let mayRemove = actor == .owner || (actor == .admin && role != .owner)
        #expect(removal.refusal == (mayRemove ? nil : .forbidden), "\(actor) removes \(role)")
    }
}
