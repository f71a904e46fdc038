import Domain
import IOCore
import JSON
import Messaging
import Support
import Testing

@testable import Gateway

@Suite struct HubEphemeralTests {
    private static func event(_ scope: EphemeralEvent.Scope, excluding user: UserID? = nil) -> EphemeralEvent {
        EphemeralEvent(to: scope, excluding: user, payload: Array(#"{"type":"wave"}"#.utf8))
    }

    @Test func `an event of a chat goes to its members' sockets on every hub but the origin's`() async throws {
        try await HubFixture.run(hubs: 2) { fixture in
            let users = [try await fixture.user(), try await fixture.user(), try await fixture.user()]
            let made = try await fixture.createChat(users[0], with: [users[1]])
            try await fixture.announce(made)
            let sockets = [
                fixture.connect(users[0]), fixture.connect(users[0], to: 1), fixture.connect(users[1]),
                fixture.connect(users[1], to: 1), fixture.connect(users[2]),
            ]
            #expect(await fixture.becomes { sockets.allSatisfy { $0.subscription.isLive } })
            for hub in fixture.hubs { hub.receive([Self.event(.chat(made.chat), excluding: users[0])]) }
            #expect(sockets.map(\.ephemeral.count) == [0, 0, 1, 1, 0])
            for hub in fixture.hubs { hub.receive([Self.event(.users([users[0], users[2]]))]) }
            #expect(sockets.map(\.ephemeral.count) == [1, 1, 1, 1, 1])
            for hub in fixture.hubs { hub.receive([Self.event(.chat(ChatID(rawValue: 999)))]) }
            #expect(sockets.map(\.ephemeral.count) == [1, 1, 1, 1, 1])
        }
    }

    @Test func `what is about somebody reaches a socket once, however many chats they share`() async throws {
        try await HubFixture.run { fixture in
            let users = [try await fixture.user(), try await fixture.user(), try await fixture.user()]
            let chats = [
                try await fixture.createChat(users[0], with: [users[1]]),
                try await fixture.createChat(users[1], with: [users[0]]),
                try await fixture.createChat(users[1], with: [users[2]]),
            ]
            for chat in chats { try await fixture.announce(chat) }
            let sockets = [
                fixture.connect(users[0]), fixture.connect(users[0]), fixture.connect(users[1]),
                fixture.connect(users[2]),
            ]
            #expect(await fixture.becomes { sockets.allSatisfy { $0.subscription.isLive } })
            let scope = EphemeralEvent.Scope.chats([chats[0].chat, chats[1].chat], of: users[0])
            fixture.hubs[0].receive([Self.event(scope)])
            #expect(sockets.map(\.ephemeral.count) == [1, 1, 1, 0])
            fixture.hubs[0].receive([Self.event(scope, excluding: users[0])])
            #expect(sockets.map(\.ephemeral.count) == [1, 1, 2, 0])
            var hidden = Self.event(scope)
            hidden.hiddenFrom = [users[1], users[2]]
            fixture.hubs[0].receive([hidden])
            #expect(sockets.map(\.ephemeral.count) == [2, 2, 2, 0])
        }
    }

    @Test func `what is a user's own in a chat reaches the sockets that follow it, those of that chat alone too`()
        async throws
    {
        try await HubFixture.run { fixture in
            let (ada, ben) = (try await fixture.user(), try await fixture.user())
            let chats = [
                try await fixture.createChat(ada, with: [ben]), try await fixture.createChat(ada, with: [ben]),
            ]
            for made in chats { try await fixture.announce(made) }
            let left = try await fixture.createChat(ada, with: [])
            let sockets = [
                fixture.connect(ben), fixture.connect(ben, only: chats[0].chat),
                fixture.connect(ben, only: chats[1].chat), fixture.connect(ada),
            ]
            #expect(await fixture.becomes { sockets.allSatisfy { $0.subscription.isLive } })
            fixture.hubs[0].receive([Self.event(.user(ben, in: chats[0].chat))])
            #expect(sockets.map(\.ephemeral.count) == [1, 1, 0, 0])
            fixture.hubs[0].receive([Self.event(.users([ben]))])
            #expect(sockets.map(\.ephemeral.count) == [2, 1, 0, 0])
            fixture.hubs[0].receive([Self.event(.user(ben, in: left.chat))])
            #expect(sockets.map(\.ephemeral.count) == [2, 1, 0, 0])
            // Once, by whichever of the chats; a socket of one chat by that chat.
            let both = [chats[0].chat, chats[1].chat]
            fixture.hubs[0].receive([Self.event(.sockets(of: ben, inAny: both))])
            #expect(sockets.map(\.ephemeral.count) == [3, 2, 1, 0])
            fixture.hubs[0].receive([Self.event(.sockets(of: ben, inAny: [chats[1].chat, left.chat]))])
            #expect(sockets.map(\.ephemeral.count) == [4, 2, 2, 0])
        }
    }

    @Test func `nothing ephemeral comes before ready or after the removal`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made)
            let gate = Gate()
            fixture.directory.holdHeads = { [unowned fixture] in await gate.wait(fixture.loop) }
            let socket = fixture.connect(bob)
            #expect(await fixture.becomes { fixture.directory.headReads == 1 })
            fixture.hubs[0].receive([Self.event(.chat(made.chat)), Self.event(.users([bob]))])
            gate.isOpen = true
            #expect(await fixture.becomes { socket.subscription.isLive })
            #expect(socket.ephemeral.isEmpty)
            let removal = try #require(try await fixture.commit(made.chat, alice, .removeParticipant(bob)))
            fixture.hubs[0].receive([Self.event(.chat(made.chat))])
            try await fixture.announce(removal)
            fixture.hubs[0].receive([Self.event(.chat(made.chat))])
            #expect(socket.types == ["wave", "participant.removed"])
        }
    }

    @Test func `typing is kept from those between whom there is a block, and untold while that is not known`()
        async throws
    {
        try await HubFixture.run { fixture in
            fixture.carryEphemeral()
            let users = [try await fixture.user(), try await fixture.user(), try await fixture.user()]
            let made = try await fixture.createChat(users[0], with: [users[1], users[2]])
            try await fixture.announce(made)
            let sockets = users.map { fixture.connect($0) }
            #expect(await fixture.becomes { sockets.allSatisfy { $0.subscription.isLive } })
            let (hub, scope) = (fixture.hubs[0], Reserves())
            hub.scope = scope
            scope.reserves = [users[0]: PresenceReserve(hidden: [users[1]])]
            hub.type(true, in: made.chat, by: users[0], on: sockets[0])
            hub.type(false, in: made.chat, by: users[0], on: sockets[0])
            #expect(await fixture.becomes { sockets[2].types == ["typing.start", "typing.stop"] })
            #expect(sockets[1].types.isEmpty)
            scope.reserves = nil
            hub.type(true, in: made.chat, by: users[1], on: sockets[1])
            #expect(await fixture.becomes { scope.refusals == 1 })
            scope.reserves = [:]
            hub.type(true, in: made.chat, by: users[2], on: sockets[2])
            #expect(await fixture.becomes { sockets[0].types == ["typing.start"] })
            #expect(sockets[0].ephemeral[0]["user_id"] == .integer(users[2].rawValue))
        }
    }

    /// Who keeps what; without knowing it, it fails.
    private final class Reserves: PresenceScope {
        var reserves: [UserID: PresenceReserve]?
        private(set) var refusals = 0

        func chats(of users: [UserID]) async throws -> [UserID: [ChatID]] { [:] }
        func members(of chats: [ChatID]) async throws -> [ChatID: [UserID]] { [:] }
        func reserves(of users: [UserID]) async throws -> [UserID: PresenceReserve] {
            guard let reserves else {
                refusals += 1
                throw StoreError(.postgres, .retryable, "away")
            }
            return reserves.filter { users.contains($0.key) }
        }
    }

    @Test func `typing reaches the other members, ends with the socket, and is no stranger's to tell`() async throws {
        try await HubFixture.run { fixture in
            fixture.carryEphemeral()
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(bob, with: [alice])
            try await fixture.announce(made)
            let (alices, bobs) = (fixture.connect(alice), fixture.connect(bob))
            #expect(await fixture.becomes { [alices, bobs].allSatisfy { $0.subscription.isLive } })
            let hub = fixture.hubs[0]
            let begin = fixture.loop.now
            hub.type(true, in: made.chat, by: alice, on: alices)
            hub.type(true, in: made.chat, by: alice, on: alices)
            #expect(bobs.types == ["typing.start"] && alices.types.isEmpty)
            #expect(bobs.ephemeral[0]["user_id"] == .integer(alice.rawValue))
            #expect(bobs.ephemeral[0]["chat_id"] == .integer(made.chat.rawValue))
            alices.close()
            #expect(bobs.types == ["typing.start", "typing.stop"])
            // Too early to be told again, and never told, since the removal comes first.
            let again = fixture.connect(alice)
            #expect(await fixture.becomes { again.subscription.isLive })
            hub.type(true, in: made.chat, by: alice, on: again)
            let removal = try #require(try await fixture.commit(made.chat, bob, .removeParticipant(alice)))
            try await fixture.announce(removal)
            #expect(await fixture.becomes { hub.typing.isEmpty })
            // On a machine that stood still so long it was not too early.
            let isLate = fixture.loop.now - begin >= TypingStates.startInterval
            #expect(isLate || bobs.types == ["typing.start", "typing.stop", "participant.removed"])
        }
    }
}
