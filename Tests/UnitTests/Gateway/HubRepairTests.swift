import Domain
import IOCore
import Support
import Testing

@testable import Gateway

/// Holes and what was lost, found out and made good.
@Suite struct HubRepairTests {
    @Test func `a hole is filled from the stores once no redo covers it`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made)
            let socket = fixture.connect(alice)
            #expect(await fixture.becomes { socket.heads != nil })
            let lost = try await fixture.say(made.chat, bob)
            try await fixture.announce(try await fixture.say(made.chat, bob))
            #expect(await fixture.becomes { fixture.history.eventReads > 1 })
            #expect(socket.events.isEmpty)
            try await fixture.finish([lost])
            #expect(await fixture.becomes { socket.events[made.chat]?.count == 2 })
            #expect(socket.events == [made.chat: [2, 3]])
        }
    }

    @Test func `a hole that stays covered is asked to be finished, up to its end`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made)
            let socket = fixture.connect(alice)
            #expect(await fixture.becomes { socket.heads != nil })
            var asked: [(ChatID, Offset)] = []
            fixture.hubs[0].finishCovering = { asked.append(($0, $1)) }
            let lost = [try await fixture.say(made.chat, bob), try await fixture.say(made.chat, bob)]
            try await fixture.announce(try await fixture.say(made.chat, bob))
            #expect(await fixture.becomes { !asked.isEmpty })
            #expect(asked.allSatisfy { $0 == made.chat && $1 == Offset(rawValue: 3) })
            // Whoever is asked announces what it finished.
            try await fixture.announce(lost[0])
            try await fixture.announce(lost[1])
            #expect(await fixture.becomes { socket.events[made.chat] == [2, 3, 4] })
            let count = asked.count
            await fixture.loop.sleep(for: .milliseconds(10))
            #expect(asked.count == count, "a hole that is closed needs nobody")
        }
    }

    @Test func `a restored connection compares heads and finds a lost tail, however long`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made)
            let socket = fixture.connect(alice)
            #expect(await fixture.becomes { socket.heads != nil })
            for _ in 0..<250 { try await fixture.finish([try await fixture.say(made.chat, bob)]) }
            fixture.hubs[0].connectionRestored()
            #expect(await fixture.becomes { socket.events[made.chat]?.count == 250 })
            #expect(socket.events[made.chat] == Array(2...251))
        }
    }

    @Test func `a chat that took somebody in unheard is found by comparing memberships, from its first event on`()
        async throws
    {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let socket = fixture.connect(alice)
            #expect(await fixture.becomes { socket.heads != nil })
            let made = try await fixture.createChat(bob, with: [alice])
            let said = try await fixture.say(made.chat, bob)
            let covered = try await fixture.createChat(bob, with: [alice])
            try await fixture.finish([made, said])
            fixture.hubs[0].connectionRestored()
            #expect(await fixture.becomes { socket.events[made.chat] == [1, 2] })
            try await fixture.announce(made, said, try await fixture.say(made.chat, bob))
            #expect(socket.events == [made.chat: [1, 2, 3]], "what a redo covers is not told, nor anything twice")
            try await fixture.finish([covered])
            fixture.hubs[0].connectionRestored()
            #expect(await fixture.becomes { socket.events[covered.chat] == [1] })
        }
    }

    @Test func `comparing memberships brings back who was taken in again, not who was removed`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made)
            let socket = fixture.connect(bob)
            #expect(await fixture.becomes { socket.heads != nil })
            let removal = try #require(try await fixture.commit(made.chat, alice, .removeParticipant(bob)))
            try await fixture.announce(removal)
            #expect(socket.events == [made.chat: [2]] && socket.subscription.chats.isEmpty)
            let secret = try await fixture.say(made.chat, alice)
            fixture.hubs[0].connectionRestored()
            let addition = ParticipantAddition(user: bob, role: .member, memberLimit: 10)
            let added = try #require(try await fixture.commit(made.chat, alice, .addParticipant(addition)))
            try await fixture.finish([secret, added])
            fixture.hubs[0].connectionRestored()
            #expect(await fixture.becomes { socket.events[made.chat] == [2, 4] })
        }
    }

    @Test func `a hole that nobody can close is asked for ever more rarely`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made)
            let socket = fixture.connect(alice)
            #expect(await fixture.becomes { socket.heads != nil })
            let lost = try await fixture.say(made.chat, bob)
            try await fixture.announce(try await fixture.say(made.chat, bob))
            let channel = try #require(fixture.hubs[0].channels[made.chat])
            #expect(await fixture.becomes { (channel.holeDelay ?? .zero) >= .milliseconds(16) })
            #expect(fixture.history.eventReads < 10)
            try await fixture.finish([lost])
            #expect(await fixture.becomes { socket.events[made.chat] == [2, 3] })
            #expect(channel.holeDelay == nil)
        }
    }
}
