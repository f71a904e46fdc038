import Domain
import IOCore
import Messaging
import Support
import Testing

@testable import Gateway

/// Many sockets, chats and repairs of one hub at the same time.
@Suite struct HubConcurrencyTests {
    @Test func `an addition that comes while sockets join is kept once for each and told once to each`() async throws {
        try await HubFixture.run { fixture in
            let users = [try await fixture.user(), try await fixture.user(), try await fixture.user()]
            let (first, last) = (Gate(), Gate())
            var joins = 0
            fixture.directory.holdHeads = { [unowned fixture] in
                joins += 1
                await (joins < 8 ? first : last).wait(fixture.loop)
            }
            let sockets = (0..<8).map { fixture.connect(users[$0 % 2]) }
            #expect(await fixture.becomes { joins == 8 })
            let made = try await fixture.createChat(users[2], with: [users[0], users[1]])
            for _ in 0..<3 { try await fixture.announce(made) }
            first.isOpen = true
            #expect(await fixture.becomes { sockets.count { $0.subscription.isLive } == 7 })
            let joining = sockets.filter { !$0.subscription.isLive }
            #expect(joining.map(\.subscription.addedEarly.count) == [1])
            last.isOpen = true
            #expect(await fixture.becomes { sockets.allSatisfy { $0.subscription.isLive } })
            #expect(await fixture.becomes { sockets.allSatisfy { $0.events == [made.chat: [1]] } })
            #expect(sockets.allSatisfy { $0.subscription.addedEarly.isEmpty })
            try await fixture.announce(try await fixture.say(made.chat, users[2]))
            #expect(sockets.allSatisfy { $0.events == [made.chat: [1, 2]] })
        }
    }

    @Test func `a hole whose repair takes long holds up no other chat's`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let chats = [
                try await fixture.createChat(alice, with: [bob]), try await fixture.createChat(alice, with: [bob]),
            ]
            for made in chats { try await fixture.announce(made) }
            let socket = fixture.connect(alice)
            #expect(await fixture.becomes { socket.subscription.isLive })
            let gate = Gate()
            fixture.history.holdEvents = { [unowned fixture] in
                if fixture.history.eventReads == 1 { await gate.wait(fixture.loop) }
            }
            for made in chats {
                try await fixture.finish([try await fixture.say(made.chat, bob)])
                try await fixture.announce(try await fixture.say(made.chat, bob))
                #expect(await fixture.becomes { fixture.history.eventReads >= 1 })
            }
            #expect(await fixture.becomes { socket.events[chats[1].chat] == [2, 3] })
            #expect(socket.events[chats[0].chat] == nil)
            gate.isOpen = true
            #expect(await fixture.becomes { socket.events[chats[0].chat] == [2, 3] })
        }
    }

    @Test func `a socket of one chat is told of nothing else, and none that its user is not in`() async throws {
        try await HubFixture.run { fixture in
            let (alice, bob) = (try await fixture.user(), try await fixture.user())
            let chats = [
                try await fixture.createChat(alice, with: [bob]), try await fixture.createChat(alice, with: [bob]),
                try await fixture.createChat(alice, with: []),
            ]
            for made in chats { try await fixture.announce(made) }
            let cursors = Dictionary(uniqueKeysWithValues: chats.map { ($0.chat, Offset(rawValue: 1)) })
            let one = fixture.connect(bob, only: chats[1].chat)
            let resumed = fixture.connect(
                bob,
                only: chats[1].chat,
                resuming: ResumeRequest(epoch: "memory", cursors: cursors)
            )
            let stranger = fixture.connect(bob, only: chats[2].chat)
            #expect(await fixture.becomes { [one, resumed].allSatisfy { $0.subscription.isLive } && !stranger.isOpen })
            #expect(stranger.closing?.code == 4003 && stranger.heads == nil)
            #expect(stranger.closing?.reason == "there is no chat \(chats[2].chat) that you are in")
            #expect(one.heads == [chats[1].chat: 1] && resumed.heads == one.heads)
            #expect(resumed.resumed == [chats[1].chat: .events(from: 2, to: 1)])
            let later = try await fixture.createChat(alice, with: [bob])
            try await fixture.announce(later)
            let unheard = try await fixture.createChat(alice, with: [bob])
            try await fixture.finish([unheard])
            fixture.hubs[0].connectionRestored()
            for made in chats + [later, unheard] {
                try await fixture.announce(try await fixture.say(made.chat, alice))
            }
            let witness = fixture.connect(bob)
            #expect(await fixture.becomes { witness.subscription.isLive })
            for socket in [one, resumed] { #expect(socket.events == [chats[1].chat: [2]]) }
        }
    }
}
