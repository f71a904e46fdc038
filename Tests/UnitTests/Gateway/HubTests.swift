import Domain
import IOCore
import Support
import Testing

@testable import Gateway

@Suite struct HubTests {
    @Test func `after ready come the events beyond its heads, in order, each once`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made)
            let socket = fixture.connect(alice)
            #expect(await fixture.becomes { socket.heads != nil })
            #expect(socket.heads == [made.chat: 1])
            let second = try await fixture.say(made.chat, bob)
            let third = try await fixture.say(made.chat, bob)
            try await fixture.announce(third)
            #expect(socket.events.isEmpty)
            try await fixture.announce(second, third, second)
            #expect(socket.events == [made.chat: [2, 3]])
        }
    }

    @Test func `events that come while the heads are read are sent after ready`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made)
            let gate = Gate()
            fixture.directory.holdHeads = { [unowned fixture] in
                if fixture.directory.headReads == 2 { await gate.wait(fixture.loop) }
            }
            let socket = fixture.connect(alice)
            #expect(await fixture.becomes { fixture.directory.headReads == 2 })
            try await fixture.announce(try await fixture.say(made.chat, bob))
            gate.isOpen = true
            #expect(await fixture.becomes { socket.events[made.chat] != nil })
            #expect(socket.heads == [made.chat: 1] && socket.events == [made.chat: [2]])
        }
    }

    @Test func `a chat made while somebody joins reaches them, first event first`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let gate = Gate()
            fixture.directory.holdHeads = { [unowned fixture] in await gate.wait(fixture.loop) }
            let socket = fixture.connect(alice)
            #expect(await fixture.becomes { fixture.directory.headReads == 1 })
            let made = try await fixture.createChat(bob, with: [alice])
            try await fixture.announce(made)
            try await fixture.announce(try await fixture.say(made.chat, bob))
            gate.isOpen = true
            #expect(await fixture.becomes { socket.heads != nil })
            try await fixture.announce(try await fixture.say(made.chat, bob))
            #expect(await fixture.becomes { socket.events[made.chat]?.count == 3 })
            #expect(socket.heads == [:] && socket.events == [made.chat: [1, 2, 3]])
        }
    }

    @Test func `the removal is the last event a former member gets`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made)
            let sockets = [fixture.connect(alice), fixture.connect(bob)]
            #expect(await fixture.becomes { sockets.allSatisfy { $0.heads != nil } })
            let removal = try #require(try await fixture.commit(made.chat, alice, .removeParticipant(bob)))
            let said = try await fixture.say(made.chat, alice)
            try await fixture.announce(said, removal)
            #expect(sockets[0].events == [made.chat: [2, 3]])
            #expect(sockets[1].events == [made.chat: [2]])
            #expect(sockets[1].subscription.chats.isEmpty)
        }
    }

    @Test func `who is taken back gets both events, though the second arrives first`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made)
            let socket = fixture.connect(bob)
            #expect(await fixture.becomes { socket.heads != nil })
            let removal = try #require(try await fixture.commit(made.chat, alice, .removeParticipant(bob)))
            let secret = try await fixture.say(made.chat, alice)
            let addition = ParticipantAddition(user: bob, role: .member, memberLimit: 10)
            let added = try #require(try await fixture.commit(made.chat, alice, .addParticipant(addition)))
            try await fixture.announce(added)
            try await fixture.announce(removal, secret)
            try await fixture.announce(try await fixture.say(made.chat, alice))
            #expect(socket.events == [made.chat: [2, 4, 5]])
        }
    }

    @Test func `somebody removed while joining gets nothing after the removal`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made)
            let other = fixture.connect(alice)
            #expect(await fixture.becomes { other.heads != nil })
            let gate = Gate()
            fixture.directory.holdHeads = { [unowned fixture] in
                if fixture.directory.headReads == 4 { await gate.wait(fixture.loop) }
            }
            let socket = fixture.connect(bob)
            #expect(await fixture.becomes { fixture.directory.headReads == 4 })
            let removal = try #require(try await fixture.commit(made.chat, alice, .removeParticipant(bob)))
            try await fixture.announce(removal)
            try await fixture.announce(try await fixture.say(made.chat, alice))
            gate.isOpen = true
            #expect(await fixture.becomes { socket.heads != nil })
            try await fixture.announce(try await fixture.say(made.chat, alice))
            #expect(socket.events == [made.chat: [2]])
            #expect(other.events == [made.chat: [2, 3, 4]])
        }
    }

    @Test func `who joins between a removal and an addition that is not announced yet gets nothing from before it`()
        async throws
    {
        try await HubFixture.run(hubs: 2) { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made)
            let other = fixture.connect(alice)
            #expect(await fixture.becomes { other.heads != nil })
            let removal = try #require(try await fixture.commit(made.chat, alice, .removeParticipant(bob)))
            let secret = try await fixture.say(made.chat, alice)
            let addition = ParticipantAddition(user: bob, role: .member, memberLimit: 10)
            let added = try #require(try await fixture.commit(made.chat, alice, .addParticipant(addition)))
            // One hub hears the chat already, and the other does not.
            let sockets = [fixture.connect(bob), fixture.connect(bob, to: 1)]
            #expect(await fixture.becomes { sockets.allSatisfy { $0.heads != nil } })
            try await fixture.announce(removal, secret)
            try await fixture.announce(added, try await fixture.say(made.chat, alice))
            for socket in sockets {
                #expect(socket.heads == [made.chat: 3] && socket.events == [made.chat: [4, 5]])
            }
            #expect(other.events == [made.chat: [2, 3, 4, 5]])
        }
    }

    @Test func `an announcement repeated late does not bring a former member back`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let sockets = [fixture.connect(alice), fixture.connect(bob)]
            #expect(await fixture.becomes { sockets.allSatisfy { $0.heads != nil } })
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made)
            try await fixture.announce(
                try #require(try await fixture.commit(made.chat, alice, .removeParticipant(bob)))
            )
            try await fixture.announce(made)
            try await fixture.announce(try await fixture.say(made.chat, alice))
            #expect(sockets[0].events == [made.chat: [1, 2, 3]])
            #expect(sockets[1].events == [made.chat: [1, 2]])
        }
    }

    @Test func `an addition that comes after the loop has learnt a later head is sent from the store`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let socket = fixture.connect(alice)
            #expect(await fixture.becomes { socket.heads != nil })
            let made = try await fixture.createChat(bob, with: [alice])
            let said = try await fixture.say(made.chat, bob)
            try await fixture.finish([made, said])
            let other = fixture.connect(bob)
            #expect(await fixture.becomes { other.heads == [made.chat: 2] })
            try await fixture.announce(made)
            #expect(await fixture.becomes { socket.events[made.chat]?.count == 2 })
            try await fixture.announce(said, try await fixture.say(made.chat, bob))
            #expect(await fixture.becomes { socket.events[made.chat]?.count == 3 })
            #expect(socket.events == [made.chat: [1, 2, 3]] && other.events == [made.chat: [3]])
            for socket in [socket, other] { socket.close() }
            fixture.forgetRecent()
            #expect(fixture.hubs[0].channels.isEmpty)
        }
    }

    @Test func `a socket that closes while it catches up leaves nothing behind`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let socket = fixture.connect(alice)
            #expect(await fixture.becomes { socket.heads != nil })
            let made = try await fixture.createChat(bob, with: [alice])
            try await fixture.finish([made])
            let other = fixture.connect(bob)
            #expect(await fixture.becomes { other.heads == [made.chat: 1] })
            let gate = Gate()
            fixture.history.holdEvents = { [unowned fixture] in await gate.wait(fixture.loop) }
            try await fixture.announce(made)
            #expect(await fixture.becomes { fixture.history.eventReads == 1 })
            socket.close()
            gate.isOpen = true
            #expect(await fixture.becomes { fixture.hubs[0].channels[made.chat]?.joining == 0 })
            #expect(fixture.hubs[0].channels[made.chat]?.members.count == 1)
            other.close()
            fixture.forgetRecent()
            #expect(fixture.hubs[0].channels.isEmpty)
        }
    }

    @Test func `a store that fails during catching up closes the socket, which may resume, and leaves nothing behind`()
        async throws
    {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let socket = fixture.connect(alice)
            #expect(await fixture.becomes { socket.heads != nil })
            let made = try await fixture.createChat(bob, with: [alice])
            try await fixture.finish([made])
            let other = fixture.connect(bob)
            #expect(await fixture.becomes { other.heads == [made.chat: 1] })
            fixture.stores.database.outage = StoreError(.postgres, .retryable, "down")
            for hub in fixture.hubs { hub.receive([made.announcement]) }
            #expect(await fixture.becomes { !socket.isOpen })
            #expect(await fixture.becomes { fixture.hubs[0].channels[made.chat]?.joining == 0 })
            other.close()
            fixture.forgetRecent()
            #expect(fixture.hubs[0].channels.isEmpty)
        }
    }

    @Test func `a slow consumer is closed and keeps nobody from anything`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made)
            let sockets = [fixture.connect(alice), fixture.connect(bob), fixture.connect(alice)]
            #expect(await fixture.becomes { sockets.allSatisfy { $0.heads != nil } })
            sockets[0].capacity = 1
            for _ in 0..<3 { try await fixture.announce(try await fixture.say(made.chat, bob)) }
            #expect(!sockets[0].isOpen)
            #expect(sockets[1].events == [made.chat: [2, 3, 4]] && sockets[2].events == sockets[1].events)
            #expect(fixture.hubs[0].sessionCount == 2)
        }
    }
}
