import Domain
import IOCore
import Support
import Testing

@testable import Gateway

@Suite struct HubResumeTests {
    private func request(_ cursors: [ChatID: Int64], epoch: String = "memory") -> ResumeRequest {
        ResumeRequest(epoch: epoch, cursors: cursors.mapValues(Offset.init(rawValue:)))
    }

    @Test func `what was missed comes from the stores, then resumed, then what happens`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made)
            for _ in 0..<100 { try await fixture.announce(try await fixture.say(made.chat, bob)) }
            let socket = fixture.connect(alice, resuming: request([made.chat: 1]))
            #expect(await fixture.becomes { socket.resumed != nil })
            #expect(socket.heads == [made.chat: 101])
            #expect(socket.resumed == [made.chat: .events(from: 2, to: 101)])
            #expect(socket.events == [made.chat: Array(2...101)])
            try await fixture.announce(try await fixture.say(made.chat, bob))
            #expect(socket.events[made.chat]?.last == 102)
        }
    }

    @Test func `a client that catches up is sent nothing before it has taken what came before`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made)
            for _ in 0..<20 { try await fixture.announce(try await fixture.say(made.chat, bob)) }
            let sockets = [
                fixture.connect(alice, resuming: request([made.chat: 1])),
                fixture.connect(alice, resuming: request([made.chat: 21])),
            ]
            #expect(await fixture.becomes { sockets.allSatisfy { $0.subscription.isLive } })
            #expect(sockets.map { $0.events[made.chat]?.count ?? 0 } == [20, 0])
            try await fixture.announce(try await fixture.say(made.chat, bob))
            // The first event after `resumed` as well; those that follow are not waited for.
            #expect(sockets.map(\.hurried) == [0, 0])
            try await fixture.announce(try await fixture.say(made.chat, bob))
            #expect(sockets.map(\.hurried) == [1, 1])
        }
    }

    @Test func `what a loop remembers is not asked of the stores`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made)
            let first = fixture.connect(alice)
            #expect(await fixture.becomes { first.heads != nil })
            first.close()
            for _ in 0..<3 { try await fixture.announce(try await fixture.say(made.chat, bob)) }
            // Nobody listens; the chat is remembered only while it has events.
            #expect(fixture.hubs[0].channels.isEmpty)
            let second = fixture.connect(alice, resuming: request(first.cursors.mapValues(\.rawValue)))
            #expect(await fixture.becomes { second.resumed != nil })
            #expect(second.events == [made.chat: [2, 3, 4]])
            let reads = fixture.history.eventReads
            #expect(reads > 0)
            try await fixture.announce(try await fixture.say(made.chat, bob))
            second.close()
            let third = fixture.connect(alice, resuming: request([made.chat: 4]))
            #expect(await fixture.becomes { third.resumed != nil })
            #expect(third.events == [made.chat: [5]] && fixture.history.eventReads == reads)
            fixture.forgetRecent()
            let fourth = fixture.connect(alice, resuming: request([made.chat: 4]))
            #expect(await fixture.becomes { fourth.resumed != nil })
            #expect(fourth.events == [made.chat: [5]] && fixture.history.eventReads > reads)
        }
    }

    @Test func `what happens while a client catches up comes after resumed, each once`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let chats = [
                try await fixture.createChat(alice, with: [bob]), try await fixture.createChat(alice, with: [bob]),
            ]
            for made in chats { try await fixture.announce(made) }
            try await fixture.announce(try await fixture.say(chats[0].chat, bob))
            var isHeld = true
            fixture.history.holdEvents = { [unowned fixture] in
                while isHeld { await fixture.loop.sleep(for: .milliseconds(1)) }
            }
            let socket = fixture.connect(alice, resuming: request([chats[0].chat: 1, chats[1].chat: 1]))
            #expect(await fixture.becomes { fixture.history.eventReads == 1 })
            for made in chats { try await fixture.announce(try await fixture.say(made.chat, bob)) }
            let third = try await fixture.createChat(bob, with: [alice])
            try await fixture.announce(third)
            #expect(socket.events.isEmpty && socket.resumed == nil)
            isHeld = false
            #expect(await fixture.becomes { socket.events[third.chat] == [1] })
            #expect(
                socket.resumed == [chats[0].chat: .events(from: 2, to: 2), chats[1].chat: .events(from: 2, to: 1)]
            )
            #expect(socket.events[chats[0].chat] == [2, 3] && socket.events[chats[1].chat] == [2])
        }
    }

    @Test func `who is removed while catching up is told nothing more`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made, try await fixture.say(made.chat, alice))
            var isHeld = true
            fixture.history.holdEvents = { [unowned fixture] in
                while isHeld { await fixture.loop.sleep(for: .milliseconds(1)) }
            }
            let socket = fixture.connect(bob, resuming: request([made.chat: 1]))
            #expect(await fixture.becomes { fixture.history.eventReads == 1 })
            let removal = try #require(try await fixture.commit(made.chat, alice, .removeParticipant(bob)))
            try await fixture.finish([removal])
            isHeld = false
            #expect(await fixture.becomes { !socket.isOpen })
            #expect(socket.events.isEmpty && socket.resumed == nil)
            let again = fixture.connect(bob, resuming: request([made.chat: 1]))
            #expect(await fixture.becomes { again.resumed == [made.chat: .gone] })
        }
    }

    @Test func `too much missed, another epoch or no cursor is a reset, and the chat goes on from its head`()
        async throws
    {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made)
            for _ in 0..<101 { try await fixture.announce(try await fixture.say(made.chat, bob)) }
            let sockets = [
                fixture.connect(alice, resuming: request([made.chat: 1])),
                fixture.connect(alice, resuming: request([made.chat: 102], epoch: "older")),
                fixture.connect(alice, resuming: request([:])),
            ]
            #expect(await fixture.becomes { sockets.allSatisfy { $0.resumed != nil } })
            try await fixture.announce(try await fixture.say(made.chat, bob))
            for socket in sockets {
                #expect(socket.resumed == [made.chat: .reset(102)] && socket.events == [made.chat: [103]])
            }
            #expect(fixture.history.eventReads == 0)
        }
    }

    @Test func `what was announced before its redo was dropped and the chat was heard comes without a heartbeat`()
        async throws
    {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let made = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(made)
            let said = try await fixture.say(made.chat, bob)
            for hub in fixture.hubs { hub.receive([said.announcement]) }
            let socket = fixture.connect(alice)
            #expect(await fixture.becomes { socket.heads == [made.chat: 1] })
            try await fixture.finish([said])
            #expect(await fixture.becomes { socket.events == [made.chat: [2]] })
        }
    }
}
