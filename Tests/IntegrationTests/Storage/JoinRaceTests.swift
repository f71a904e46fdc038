import Domain
import IOCore
import Messaging
import Storage
import Support
import Testing

/// Two nodes on the same stores that decide the same things at once.
@Suite(.realTime) struct JoinRaceTests {
    @Test func `many who join at once over two nodes never use an invite more often than it says`() async throws {
        try await StorageFixture.run { fixture, first in
            let owner = try await first.users(1)[0]
            let chat = try await first.group(of: owner)
            let invite = try await first.invites.make(
                InviteDraft(maxUses: 7),
                code: "0123456789abcdef01234567",
                in: chat,
                by: owner
            )
            let users = try await first.users(40)
            let joined = try await StorageFixture.runNode(besides: fixture) { other, _ in
                try await Self.join(users, chat, invite.code, [fixture.stores, other.stores])
            }
            #expect(joined.count == 7 && Set(joined).count == 7)
            let listed = try await first.invites.invites(of: chat, for: owner)
            #expect(listed.map(\.uses) == [7])
            let members = try await first.chats.participants(of: chat, for: owner, limit: 100, cursor: nil)
            #expect(Set(members?.items.map(\.user) ?? []) == Set(joined + [owner]))
            let seen = try #require(try await first.chats.chat(chat, for: owner))
            #expect(seen.participantCount == 8 && seen.lastOffset.rawValue == 8)
        }
    }

    @Test func `many who join a public chat at once over two nodes never exceed its limit`() async throws {
        try await StorageFixture.run { fixture, first in
            let owner = try await first.users(1)[0]
            let chat = try await first.group(of: owner)
            let change = Operation.Body.changeChat(ChatChange(visibility: .public))
            _ = try await first.commit(OperationCodec.operation(chat: chat, actor: owner, id: .random(), body: change))
            let users = try await first.users(20)
            let joined = try await StorageFixture.runNode(besides: fixture) { other, _ in
                try await Self.join(users, chat, nil, [fixture.stores, other.stores], limit: 5)
            }
            #expect(joined.count == 4)
            let seen = try await first.chats.chat(chat, for: owner)
            #expect(seen?.participantCount == 5)
        }
    }

    @Test func `a pair that opens its direct chat from both sides at once has one`() async throws {
        try await StorageFixture.run { fixture, first in
            let users = try await first.users(2)
            for round in 0..<10 {
                let pair = [users[0], try await first.users(1)[0]]
                let chats = try await StorageFixture.runNode(besides: fixture) { other, _ in
                    try await Self.open(pair, [fixture.stores, other.stores])
                }
                #expect(Set(chats).count == 1, "round \(round)")
                let known = try await first.chats.directChat(of: pair[0], and: pair[1])
                #expect(known == chats.first)
                for user in pair {
                    let seen = try #require(try await first.chats.chat(chats[0], for: user))
                    #expect(seen.participantCount == 2 && seen.lastOffset.rawValue == 1)
                }
            }
        }
    }

    /// Lets each user join by a batch of their own, all at once, by turns on the nodes; who got in.
    private static func join(
        _ users: [UserID],
        _ chat: ChatID,
        _ code: String?,
        _ nodes: [LoopBound<LoopStores>],
        limit: Int = 100
    ) async throws -> [UserID] {
        try await withThrowingTaskGroup(of: UserID?.self) { group in
            for (index, user) in users.enumerated() {
                let node = nodes[index % nodes.count]
                let entrance = code.map(Entrance.invite) ?? .open
                let addition = ParticipantAddition(user: user, role: .member, memberLimit: limit, entrance: entrance)
                let operation = OperationCodec.operation(
                    chat: chat,
                    actor: user,
                    id: .random(),
                    body: .addParticipant(addition)
                )
                group.addTask(executorPreference: node.loop) {
                    try await node.loop.actor.run { _ -> UserID? in
                        guard case .committed = try await node.value.commit(operation) else { return nil }
                        return user
                    }
                }
            }
            return try await group.reduce(into: []) { if let user = $1 { $0.append(user) } }
        }
    }

    /// Lets each of two open the chat with the other, several times at once on both nodes; the chats they were given.
    private static func open(_ pair: [UserID], _ nodes: [LoopBound<LoopStores>]) async throws -> [ChatID] {
        try await withThrowingTaskGroup(of: ChatID?.self) { group in
            for index in 0..<6 {
                let (user, other) = (pair[index % 2], pair[(index + 1) % 2])
                let node = nodes[index / 2 % 2]
                group.addTask(executorPreference: node.loop) {
                    try await node.loop.actor.run { _ -> ChatID? in
                        let chat = try await node.value.commitLog.nextChatID()
                        let body = Operation.Body.createChat(ChatDraft(type: .direct, participants: [other]))
                        let operation = OperationCodec.operation(chat: chat, actor: user, id: .random(), body: body)
                        switch try await node.value.commit(operation) {
                        case .committed: return chat
                        case .existingChat(let known): return known
                        default: return nil
                        }
                    }
                }
            }
            return try await group.reduce(into: []) { if let chat = $1 { $0.append(chat) } }
        }
    }
}
