internal import Domain
internal import Testing

extension StoreScenario {
    /// What is promised of invites and of joining by them.
    static let inviteScenarios: [StoreScenario] = [
        StoreScenario("an invite lets in as many as it says, and counts those alone who came by it") { ports in
            let (ada, bob, cyd, eve) = (
                try await ports.someone(), try await ports.someone(), try await ports.someone(),
                try await ports.someone()
            )
            let chat = try await ports.group(ada)
            try await ports.done(ports.say("before", chat, ada))
            let invite = try await ports.invite(chat, ada, InviteDraft(maxUses: 2))
            #expect(invite.chat == chat && invite.createdBy == ada.id && invite.maxUses == 2 && invite.uses == 0)
            #expect(invite.expiresAt == nil)
            let joined = try await ports.done(ports.join(chat, bob, invite.code))
            guard case .participant(let participant, let seen?)? = joined.facts else {
                Issue.record("\(joined)")
                return
            }
            #expect(
                participant == Participant(user: bob.id, username: bob.username, role: .member, joinedAt: joined.at)
            )
            #expect(seen.participantCount == 2 && seen.lastOffset == joined.offset)
            let view = try #require(try await ports.directory.chat(chat, for: bob.id)?.my)
            #expect(view == Membership(role: .member, readSequence: SequenceNumber(rawValue: 1), unread: 0))
            // Who is in already stays, whatever they show, and uses nothing.
            for again in [ports.join(chat, bob, invite.code), ports.join(chat, bob, "nonsense"), ports.join(chat, bob)]
            {
                let result = try await ports.one(again)
                #expect(result == .unchanged(joined.offset, pending: nil))
            }
            let uses = try await ports.invites.invites(of: chat, for: ada.id).map(\.uses)
            #expect(uses == [1])
            try await ports.done(ports.join(chat, cyd, invite.code))
            let late = try await ports.one(ports.join(chat, eve, invite.code))
            #expect(late.refusal == .chatNotFound)
            let used = try await ports.invites.invites(of: chat, for: ada.id).map(\.uses)
            #expect(used == [2])
        },
        StoreScenario("in one batch a limited invite lets in no more than it may") { ports in
            let ada = try await ports.someone()
            let chat = try await ports.group(ada)
            let invite = try await ports.invite(chat, ada, InviteDraft(maxUses: 3))
            var joins: [Operation] = []
            for _ in 0..<5 { joins.append(ports.join(chat, try await ports.someone(), invite.code)) }
            let results = try await ports.commit(joins + [joins[0]])
            #expect(results.prefix(5).map(\.refusal) == [nil, nil, nil, .chatNotFound, .chatNotFound])
            guard case .duplicate = results[5] else {
                Issue.record("\(results[5])")
                return
            }
            let uses = try await ports.invites.invites(of: chat, for: ada.id).map(\.uses)
            #expect(uses == [3])
            let count = try await ports.directory.chat(chat, for: ada.id)?.participantCount
            #expect(count == 4)
        },
        StoreScenario("whatever is wrong with an invite, a stranger is told the same") { ports in
            let (ada, eve) = (try await ports.someone(), try await ports.someone())
            let (chat, other) = (try await ports.group(ada), try await ports.group(ada))
            let revoked = try await ports.invite(chat, ada)
            try await ports.invites.revoke(revoked.code, of: chat, by: ada.id)
            let foreign = try await ports.invite(other, ada)
            let ended = try await ports.invite(chat, ada, InviteDraft(end: .after(.milliseconds(1))))
            // The clock of the store moves on by itself where it is real.
            try await ports.pass(20)
            let pair = try await ports.log.nextChatID()
            let draft = ChatDraft(type: .direct, participants: [try await ports.someone().id])
            try await ports.done(ports.operation(pair, ada, .createChat(draft)))
            let nowhere = ChatID(rawValue: 1 << 52)
            let results = [
                try await ports.one(ports.join(chat, eve, revoked.code)),
                try await ports.one(ports.join(chat, eve, foreign.code)),
                try await ports.one(ports.join(chat, eve, ended.code)),
                try await ports.one(ports.join(chat, eve, "")),
                try await ports.one(ports.join(chat, eve, "' OR true --")),
                try await ports.one(ports.join(chat, eve)),
                try await ports.one(ports.join(pair, eve, foreign.code)),
                try await ports.one(ports.join(nowhere, eve, foreign.code)),
            ]
            #expect(Set(results.map(\.refusal)) == [.chatNotFound])
            let uses = try await ports.invites.invites(of: other, for: ada.id).map(\.uses)
            #expect(uses == [0])
        },
        StoreScenario("an invite is none for somebody whom its maker has blocked") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada)
            let invite = try await ports.invite(chat, ada)
            _ = try await ports.relations.block(eve.id, by: ada.id)
            _ = try await ports.relations.block(ada.id, by: bob.id)
            let refused = try await ports.one(ports.join(chat, eve, invite.code))
            #expect(refused.refusal == .chatNotFound)
            try await ports.done(ports.join(chat, bob, invite.code))
        },
        StoreScenario("nobody joins a full chat, and an invite is not used up by trying") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            let invite = try await ports.invite(chat, ada, InviteDraft(maxUses: 1))
            let full = try await ports.one(ports.join(chat, eve, invite.code, limit: 2))
            #expect(full.refusal == .limitExceeded)
            let uses = try await ports.invites.invites(of: chat, for: ada.id).map(\.uses)
            #expect(uses == [0])
            try await ports.done(ports.join(chat, eve, invite.code, limit: 3))
        },
        StoreScenario("a public chat is open, until it is private again or everybody has left") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada)
            let closed = try await ports.one(ports.join(chat, bob))
            #expect(closed.refusal == .chatNotFound)
            try await ports.done(ports.operation(chat, ada, .changeChat(ChatChange(visibility: .public))))
            try await ports.done(ports.join(chat, bob))
            let invite = try await ports.invite(chat, ada)
            try await ports.done(ports.operation(chat, bob, .removeParticipant(bob.id)))
            try await ports.done(ports.operation(chat, ada, .removeParticipant(ada.id)))
            let late = [
                try await ports.one(ports.join(chat, eve)), try await ports.one(ports.join(chat, eve, invite.code)),
            ]
            #expect(late.map(\.refusal) == [.chatNotFound, .chatNotFound])
        },
        StoreScenario("who was taken out may come back by an invite, and has read what was said meanwhile") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            let invite = try await ports.invite(chat, ada)
            try await ports.done(ports.operation(chat, ada, .removeParticipant(bob.id)))
            try await ports.done(ports.say("meanwhile", chat, ada))
            try await ports.done(ports.join(chat, bob, invite.code))
            let my = try #require(try await ports.directory.chat(chat, for: bob.id)?.my)
            #expect(my.unread == 0 && my.readSequence.rawValue == 1)
        },
        StoreScenario("the invites of who is taken out end, those of who leaves do not") { ports in
            let (ada, bob, cyd, eve) = (
                try await ports.someone(), try await ports.someone(), try await ports.someone(),
                try await ports.someone()
            )
            let chat = try await ports.group(ada, bob, cyd)
            for admin in [bob, cyd] { try await ports.done(ports.role(.admin, of: admin, chat, by: ada)) }
            let (own, removed, left) = (
                try await ports.invite(chat, ada), try await ports.invite(chat, bob), try await ports.invite(chat, cyd)
            )
            try await ports.done(ports.operation(chat, ada, .removeParticipant(bob.id)))
            try await ports.done(ports.operation(chat, cyd, .removeParticipant(cyd.id)))
            let listed = try await ports.invites.invites(of: chat, for: ada.id).map(\.code)
            #expect(Set(listed) == [own.code, left.code])
            let back = try await ports.one(ports.join(chat, bob, removed.code))
            #expect(back.refusal == .chatNotFound)
            try await ports.done(ports.join(chat, eve, left.code))
        },
        StoreScenario("invites are for owners and admins of groups, and at most 50 of them are good at a time") {
            ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            for (user, code) in [(bob, Failure.Code.forbidden), (eve, .chatNotFound)] {
                let codes = [
                    await failure { _ = try await ports.invite(chat, user) },
                    await failure { _ = try await ports.invites.invites(of: chat, for: user.id) },
                    await failure { try await ports.invites.revoke("x", of: chat, by: user.id) },
                ]
                #expect(codes == [code, code, code])
            }
            let passed = Timestamp(milliseconds: 1)
            let early = await failure { _ = try await ports.invite(chat, ada, InviteDraft(end: .at(passed))) }
            #expect(early == .invalidValue)
            let ended = try await ports.invite(chat, ada, InviteDraft(end: .after(.milliseconds(1))))
            try await ports.pass(20)
            var codes: [String] = []
            for _ in 0..<Invite.limit { codes.append(try await ports.invite(chat, ada).code) }
            #expect(!codes.contains(ended.code))
            let full = await failure { _ = try await ports.invite(chat, ada) }
            #expect(full == .limitExceeded)
            let listed = try await ports.invites.invites(of: chat, for: ada.id).map(\.code)
            #expect(Set(listed) == Set(codes) && listed.count == Invite.limit)
            try await ports.invites.revoke(codes[7], of: chat, by: ada.id)
            let again = await failure { try await ports.invites.revoke(codes[7], of: chat, by: ada.id) }
            #expect(again == .notFound)
            try await ports.done(ports.role(.admin, of: bob, chat, by: ada))
            _ = try await ports.invite(chat, bob)
        },
    ]
}

extension StorePorts {
    /// An invite of its own code.
    func invite(_ chat: ChatID, _ user: User, _ draft: InviteDraft = InviteDraft()) async throws -> Invite {
        let code = OperationID.random().description
        return try await invites.make(draft, code: code, in: chat, by: user.id)
    }

    /// Joining by an invite, or without one.
    func join(_ chat: ChatID, _ user: User, _ code: String? = nil, limit: Int = 100) -> Operation {
        let entrance = code.map(Entrance.invite) ?? .open
        let addition = ParticipantAddition(user: user.id, role: .member, memberLimit: limit, entrance: entrance)
        return operation(chat, user, .addParticipant(addition))
    }
}
