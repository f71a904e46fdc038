import Domain
import IOCore
import JSON
import Messaging
import Support
import Testing

@testable import Gateway

/// What a node does about changes that were not told, or not to it.
@Suite struct PresenceRecallTests {
    private static let away = StoreError(.redis, .retryable, "away")

    @Test func `sockets are told of a change that their node did not hear of, once, and no other node is`() async throws
    {
        try await PresenceScene.run { scene in
            let bens = await scene.live(scene.ben)
            scene.store.unheard = [scene.news(.offline, .away, at: 0)]
            #expect(await scene.fixture.becomes { bens.ephemeral.count == 1 })
            #expect(PresenceScene.told(bens) == ["away"] && scene.fixture.stores.broker.ephemeral.isEmpty)
            // Whatever comes again was heard by now.
            scene.store.unheard = [scene.news(.offline, .away, at: 0)]
            #expect(await scene.fixture.becomes { scene.store.unheard.isEmpty })
            scene.store.unheard = [scene.news(.away, .doNotDisturb, at: 1)]
            #expect(await scene.fixture.becomes { bens.ephemeral.count == 2 })
            #expect(PresenceScene.told(bens) == ["away", "dnd"])
        }
    }

    @Test func `a change that was heard is not told again`() async throws {
        try await PresenceScene.run { scene in
            let bens = await scene.live(scene.ben)
            scene.store.answers = [scene.news(.offline, .away, at: 1)]
            #expect(await scene.fixture.becomes { bens.ephemeral.count == 1 })
            // Neither itself nor an earlier one, also where that was read before.
            scene.store.unheard = [scene.news(.away, .offline, at: 0), scene.news(.offline, .away, at: 1)]
            #expect(await scene.fixture.becomes { scene.store.unheard.isEmpty })
            await scene.settle()
            #expect(PresenceScene.told(bens) == ["away"])
        }
    }

    @Test(arguments: [true, false])
    func `a change that comes after a later one is told on no loop`(settles: Bool) async throws {
        try await PresenceScene.run(settles: settles) { scene in
            let (adas, bens) = (await scene.live(scene.ada), await scene.live(scene.ben))
            let changes = [
                scene.news(.offline, .away, at: 1), scene.news(.online, .invisible, at: 0),
                scene.news(.away, .invisible, at: 2),
            ]
            for change in changes {
                scene.fixture.hubs[0].receive(EphemeralEncoder.presence(change, to: [scene.chat]))
            }
            #expect(PresenceScene.told(bens) == ["away", "offline"])
            #expect(PresenceScene.told(adas) == ["away", "invisible"])
        }
    }

    @Test func `several changes that were missed are told as one, and that the invisible left not at all`() async throws
    {
        try await PresenceScene.run { scene in
            let bens = await scene.live(scene.ben)
            scene.store.unheard = [
                scene.news(.online, .doNotDisturb, at: 0), scene.news(.doNotDisturb, .invisible, at: 1),
                scene.news(.invisible, .offline, at: 2),
            ]
            #expect(await scene.fixture.becomes { bens.ephemeral.count == 1 })
            #expect(PresenceScene.told(bens) == ["offline"])
            #expect(bens.ephemeral[0]["last_seen"] == .string("2026-01-01T00:00:01.000Z"))
            scene.store.unheard = [scene.news(.offline, .invisible, at: 3), scene.news(.invisible, .offline, at: 4)]
            #expect(await scene.fixture.becomes { scene.scope.calls == 2 })
            await scene.settle()
            #expect(bens.ephemeral.count == 1)
        }
    }

    @Test func `what one part of the store answers is told while another is away, which is told its own again`()
        async throws
    {
        try await PresenceScene.run { scene in
            let bens = await scene.live(scene.ben)
            #expect(await scene.fixture.becomes { scene.store.reports.count == 1 })
            scene.store.away = [scene.ben]
            bens.subscription.presence = .doNotDisturb
            scene.board.set(bens, scene.ben)
            scene.store.answers = [scene.news(.offline, .away)]
            #expect(await scene.fixture.becomes { PresenceScene.told(bens) == ["away"] })
            #expect(await scene.fixture.becomes { scene.store.reports.count >= 3 })
            scene.store.away = []
            let count = scene.store.reports.count
            #expect(await scene.fixture.becomes { scene.store.reports.count > count })
            #expect(scene.store.reports.dropFirst().allSatisfy { $0.status == .doNotDisturb })
        }
    }

    @Test func `newcomers wait for a store that is away, and then are told who is there`() async throws {
        try await PresenceScene.run { scene in
            scene.store.known = [scene.ada: .away]
            scene.store.outage = Self.away
            let bens = await scene.live(scene.ben)
            let gone = await scene.live(scene.ben)
            #expect(await scene.fixture.becomes { scene.store.asked.count >= 2 })
            gone.close()
            #expect(bens.ephemeral.isEmpty)
            scene.store.outage = nil
            #expect(await scene.fixture.becomes { bens.ephemeral.count == 1 })
            #expect(PresenceScene.told(bens) == ["away"] && gone.ephemeral.isEmpty)
        }
    }

    @Test func `what was heard is forgotten in time, and a later change is another one`() {
        let begin = ContinuousClock.now
        func state(_ user: Int64, at time: Int64) -> PresenceState {
            PresenceState(
                user: UserID(rawValue: user),
                before: .offline,
                status: .online,
                isNews: true,
                lastSeen: Timestamp(milliseconds: time),
                toldAt: Timestamp(milliseconds: time)
            )
        }
        func mark(_ user: Int64, at time: Int64) -> PresenceMark {
            PresenceMark(user: UserID(rawValue: user), toldAt: Timestamp(milliseconds: time))
        }
        var heard = HeardChanges()
        heard.insert(mark(1, at: 5), now: begin)
        heard.insert(mark(1, at: 4), now: begin)
        #expect(!heard.misses(state(1, at: 4)) && !heard.misses(state(1, at: 5)))
        #expect(heard.misses(state(1, at: 6)) && heard.misses(state(2, at: 1)))
        heard.insert(mark(2, at: 1), now: begin + HeardChanges.memory - .seconds(1))
        heard.insert(mark(3, at: 1), now: begin + HeardChanges.memory + .seconds(1))
        #expect(heard.count == 2 && heard.misses(state(1, at: 5)) && !heard.misses(state(2, at: 1)))
    }
}
