import Domain
import IOCore
import JSON
import Messaging
import Support
import Testing

@testable import Gateway

@Suite struct PresenceBoardTests {
    @Test func `sockets are reported, and all leave for the grace when the node stops`() async throws {
        try await PresenceScene.run { scene in
            let phone = await scene.live(scene.ada)
            #expect(await scene.fixture.becomes { scene.store.reports.count == 1 })
            phone.subscription.presence = .doNotDisturb
            scene.board.set(phone, scene.ada)
            #expect(await scene.fixture.becomes { scene.store.reports.count == 2 })
            phone.close()
            #expect(await scene.fixture.becomes { scene.store.reports.count == 3 })
            #expect(scene.store.reports.map(\.status) == [.online, .doNotDisturb, .doNotDisturb])
            #expect(scene.store.reports.map(\.lifetime) == [.seconds(60), .seconds(60), .seconds(5)])
        }
    }

    @Test func `a change is told to those who share a chat, the invisible as offline but to themselves`() async throws {
        try await PresenceScene.run { scene in
            let (adas, bens) = (await scene.live(scene.ada), await scene.live(scene.ben))
            scene.store.answers = [scene.news(.offline, .away)]
            #expect(await scene.fixture.becomes { bens.ephemeral.count == 1 && adas.ephemeral.count == 1 })
            #expect(bens.ephemeral[0]["last_seen"] == .null)
            scene.store.answers = [scene.news(.away, .invisible)]
            #expect(await scene.fixture.becomes { bens.ephemeral.count == 2 && adas.ephemeral.count == 2 })
            #expect(
                PresenceScene.told(bens) == ["away", "offline"] && PresenceScene.told(adas) == ["away", "invisible"]
            )
            #expect(bens.ephemeral[1]["last_seen"] == .string("2026-01-01T00:00:00.000Z"))
            // That the invisible leave is nobody's business, and not when.
            scene.store.answers = [scene.news(.invisible, .offline)]
            #expect(await scene.fixture.becomes { scene.scope.calls == 3 })
            #expect(bens.ephemeral.count == 2)
            let hidden = try await scene.fixture.stores.accounts.user(scene.ada)
            #expect(hidden?.lastSeen == nil)
            scene.store.answers = [scene.news(.online, .offline)]
            #expect(await scene.fixture.becomes { bens.ephemeral.count == 3 })
            let left = try await scene.fixture.stores.accounts.user(scene.ada)
            #expect(left?.lastSeen == Timestamp(milliseconds: 1_767_225_600_000))
        }
    }

    @Test func `who keeps when they were seen, or is blocked, is told of without it, or not at all`() async throws {
        try await PresenceScene.run { scene in
            scene.scope.kept = [scene.ada: PresenceReserve(keepsLastSeen: true)]
            let bens = await scene.live(scene.ben)
            scene.store.answers = [scene.news(.online, .offline)]
            #expect(await scene.fixture.becomes { bens.ephemeral.count == 1 })
            #expect(PresenceScene.told(bens) == ["offline"] && bens.ephemeral[0]["last_seen"] == .null)
            scene.scope.kept = [
                scene.ada: PresenceReserve(hidden: [scene.ben]), scene.ben: PresenceReserve(hidden: [scene.ada]),
            ]
            scene.store.known = [scene.ada: .online]
            let adas = await scene.live(scene.ada)
            let late = await scene.live(scene.ben)
            scene.store.answers = [scene.news(.offline, .online)]
            #expect(await scene.fixture.becomes { PresenceScene.told(adas) == ["online"] })
            #expect(bens.ephemeral.count == 1 && late.ephemeral.isEmpty)
        }
    }

    @Test func `a newcomer is told who is there, and nothing older than what it was told meanwhile`() async throws {
        try await PresenceScene.run { scene in
            scene.store.known = [scene.ada: .doNotDisturb]
            let bens = await scene.live(scene.ben)
            #expect(await scene.fixture.becomes { bens.ephemeral.count == 1 })
            #expect(PresenceScene.told(bens) == ["dnd"])
            let (fixture, chat, ada) = (scene.fixture, scene.chat, scene.ada)
            scene.store.beforeTelling = {
                let payload = EphemeralEncoder.presence(of: ada, .away, lastSeen: nil)
                fixture.hubs[0].receive([EphemeralEvent(to: .chats([chat], of: ada), payload: payload)])
            }
            let late = await scene.live(scene.ben)
            #expect(await scene.fixture.becomes { late.ephemeral.count == 1 })
            await fixture.loop.sleep(for: .milliseconds(600))
            #expect(PresenceScene.told(late) == ["away"])
        }
    }

    @Test func `while the store is away nothing is told, and then what was missed is reported`() async throws {
        try await PresenceScene.run { scene in
            scene.store.outage = StoreError(.redis, .retryable, "away")
            let adas = await scene.live(scene.ada)
            adas.close()
            let bens = await scene.live(scene.ben)
            await scene.fixture.loop.sleep(for: .milliseconds(600))
            #expect(bens.isOpen && scene.store.reports.isEmpty)
            scene.store.outage = nil
            #expect(await scene.fixture.becomes { Set(scene.store.reports.map(\.user)) == [scene.ada, scene.ben] })
        }
    }

    @Test func `who is taken into a chat while connected is told who is there, and those there of them`() async throws {
        try await PresenceScene.run { scene in
            let (fixture, store) = (scene.fixture, scene.store)
            let eve = try await fixture.user()
            store.known = [scene.ada: .away, eve: .doNotDisturb]
            let (adas, eves) = (await scene.live(scene.ada), await scene.live(eve))
            await scene.settle()
            #expect(adas.ephemeral.isEmpty && eves.ephemeral.isEmpty)
            let addition = ParticipantAddition(user: eve, role: .member, memberLimit: 10)
            let added = try #require(try await fixture.commit(scene.chat, scene.ada, .addParticipant(addition)))
            scene.scope.members[scene.chat]?.append(eve)
            try await fixture.announce(added)
            #expect(await fixture.becomes { adas.ephemeral.count == 1 && eves.ephemeral.count == 1 })
            #expect(PresenceScene.told(adas) == ["dnd"] && adas.ephemeral[0]["user_id"] == .integer(eve.rawValue))
            #expect(
                PresenceScene.told(eves) == ["away"] && eves.ephemeral[0]["user_id"] == .integer(scene.ada.rawValue)
            )
            // In a new chat all are newcomers, each told once of the other, and of nobody else again.
            store.known[scene.ben] = .online
            let made = try await fixture.createChat(eve, with: [scene.ada])
            scene.scope.members[made.chat] = [scene.ada, eve]
            try await fixture.announce(made)
            #expect(await fixture.becomes { adas.ephemeral.count == 2 && eves.ephemeral.count == 2 })
            await scene.settle()
            #expect(adas.ephemeral.count == 2 && eves.ephemeral.count == 2)
        }
    }

    @Test func `who is taken into a chat where presence is not told is told nothing, and told of to nobody`()
        async throws
    {
        try await PresenceScene.run { scene in
            let (fixture, store) = (scene.fixture, scene.store)
            let eve = try await fixture.user()
            store.known = [scene.ada: .away, eve: .doNotDisturb]
            scene.scope.members = [:]
            let (adas, eves) = (await scene.live(scene.ada), await scene.live(eve))
            let addition = ParticipantAddition(user: eve, role: .member, memberLimit: 10)
            let added = try #require(try await fixture.commit(scene.chat, scene.ada, .addParticipant(addition)))
            try await fixture.announce(added)
            await scene.settle()
            #expect(adas.ephemeral.isEmpty && eves.ephemeral.isEmpty)
            #expect(store.asked.allSatisfy { $0.isEmpty })
            // A change of theirs reaches their own devices.
            store.answers = [scene.news(.away, .online)]
            #expect(await fixture.becomes { adas.ephemeral.count == 1 })
            #expect(PresenceScene.told(adas) == ["online"] && eves.ephemeral.isEmpty)
        }
    }
}
