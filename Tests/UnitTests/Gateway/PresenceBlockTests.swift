import Domain
import IOCore
import JSON
import Messaging
import Support
import Testing

@testable import Gateway

/// What two people between whom a block begins or ends are told of each other.
@Suite struct PresenceBlockTests {
    /// Begins or ends a block between the two of a scene.
    private static func block(_ scene: PresenceScene, _ isBlocked: Bool) async {
        let users: Set = [scene.ada, scene.ben]
        let before = await scene.board.present(of: users)
        hide(scene, isBlocked)
        if isBlocked {
            scene.board.blockBegan(between: users, before: before)
        } else {
            scene.board.blockEnded(between: users)
        }
    }

    private static func hide(_ scene: PresenceScene, _ isHidden: Bool) {
        let (ada, ben) = (scene.ada, scene.ben)
        scene.scope.kept =
            isHidden ? [ada: PresenceReserve(hidden: [ben]), ben: PresenceReserve(hidden: [ada])] : [:]
    }

    @Test func `with a block each is told that the other has left, but not of one who seemed offline already`()
        async throws
    {
        try await PresenceScene.run { scene in
            scene.store.known = [scene.ada: .online]
            let (adas, bens) = (await scene.live(scene.ada), await scene.live(scene.ben))
            let narrow = scene.fixture.connect(scene.ben, only: scene.chat)
            #expect(await scene.fixture.becomes { bens.ephemeral.count == 1 && narrow.ephemeral.count == 1 })
            await Self.block(scene, true)
            #expect(await scene.fixture.becomes { bens.ephemeral.count == 2 && narrow.ephemeral.count == 2 })
            for socket in [bens, narrow] {
                #expect(PresenceScene.told(socket) == ["online", "offline"])
                #expect(socket.ephemeral[1]["user_id"] == .integer(scene.ada.rawValue))
                #expect(socket.ephemeral[1]["last_seen"] == .null)
            }
            await scene.settle()
            #expect(adas.ephemeral.isEmpty && bens.ephemeral.count == 2)
        }
    }

    @Test func `with its end each is told who is there on open sockets, unless the other one blocks as well`()
        async throws
    {
        try await PresenceScene.run { scene in
            scene.store.known = [scene.ada: .away, scene.ben: .doNotDisturb]
            Self.hide(scene, true)
            let (adas, bens) = (await scene.live(scene.ada), await scene.live(scene.ben))
            scene.board.blockEnded(between: [scene.ada, scene.ben])
            await scene.settle()
            #expect(adas.ephemeral.isEmpty && bens.ephemeral.isEmpty)
            await Self.block(scene, false)
            #expect(await scene.fixture.becomes { adas.ephemeral.count == 1 && bens.ephemeral.count == 1 })
            #expect(PresenceScene.told(adas) == ["dnd"] && PresenceScene.told(bens) == ["away"])
            #expect(adas.ephemeral[0]["user_id"] == .integer(scene.ben.rawValue))
            // Of somebody who is not there nobody is told.
            scene.store.known = [scene.ben: .online]
            await Self.block(scene, false)
            #expect(await scene.fixture.becomes { adas.ephemeral.count == 2 })
            await scene.settle()
            #expect(PresenceScene.told(adas) == ["dnd", "online"] && bens.ephemeral.count == 1)
        }
    }

    @Test func `whoever leaves right after a block has left for the one who saw them`() async throws {
        try await PresenceScene.run { scene in
            scene.store.known = [scene.ada: .online]
            let bens = await scene.live(scene.ben)
            #expect(await scene.fixture.becomes { bens.ephemeral.count == 1 })
            await Self.block(scene, true)
            // Told to others, of whom the other one is none.
            scene.store.known = [:]
            #expect(await scene.fixture.becomes { bens.ephemeral.count == 2 })
            #expect(PresenceScene.told(bens) == ["online", "offline"])
        }
    }

    @Test func `whoever comes while a block is being made leaves for the one who may have seen it`() async throws {
        try await PresenceScene.run { scene in
            let (adas, bens) = (await scene.live(scene.ada), await scene.live(scene.ben))
            await scene.settle()
            let users: Set = [scene.ada, scene.ben]
            let before = await scene.board.present(of: users)
            #expect(before.isEmpty)
            scene.store.known = [scene.ada: .online]
            Self.hide(scene, true)
            scene.board.blockBegan(between: users, before: before)
            #expect(await scene.fixture.becomes { bens.ephemeral.count == 1 })
            #expect(PresenceScene.told(bens) == ["offline"] && adas.ephemeral.isEmpty)
        }
    }

    @Test func `of a block and its end in one moment the last one counts`() async throws {
        try await PresenceScene.run { scene in
            scene.store.known = [scene.ada: .online]
            let bens = await scene.live(scene.ben)
            #expect(await scene.fixture.becomes { bens.ephemeral.count == 1 })
            await Self.block(scene, true)
            scene.store.known = [scene.ada: .away]
            await Self.block(scene, false)
            #expect(await scene.fixture.becomes { bens.ephemeral.count == 2 })
            await Self.block(scene, true)
            scene.store.known = [:]
            await Self.block(scene, false)
            #expect(await scene.fixture.becomes { bens.ephemeral.count == 3 })
            scene.store.known = [scene.ada: .online]
            await Self.block(scene, false)
            await Self.block(scene, true)
            #expect(await scene.fixture.becomes { bens.ephemeral.count == 4 })
            #expect(PresenceScene.told(bens) == ["online", "away", "offline", "offline"])
        }
    }

    @Test func `where it cannot be found out who was present, both have left`() async throws {
        try await PresenceScene.run { scene in
            let (adas, bens) = (await scene.live(scene.ada), await scene.live(scene.ben))
            await scene.settle()
            scene.store.outage = StoreError(.redis, .retryable, "away")
            await Self.block(scene, true)
            scene.store.outage = nil
            #expect(await scene.fixture.becomes { adas.ephemeral.count == 1 && bens.ephemeral.count == 1 })
            #expect(PresenceScene.told(adas) == ["offline"] && PresenceScene.told(bens) == ["offline"])
        }
    }

    @Test func `nobody is told in chats where presence is not told`() async throws {
        try await PresenceScene.run { scene in
            scene.store.known = [scene.ada: .online, scene.ben: .online]
            Self.hide(scene, true)
            let (adas, bens) = (await scene.live(scene.ada), await scene.live(scene.ben))
            let members = scene.scope.members
            scene.scope.members = [:]
            await Self.block(scene, false)
            await scene.settle()
            #expect(scene.fixture.stores.broker.ephemeral.isEmpty)
            scene.scope.members = members
            await Self.block(scene, false)
            #expect(await scene.fixture.becomes { adas.ephemeral.count == 1 && bens.ephemeral.count == 1 })
        }
    }

    @Test func `while the store is away they wait, and are told nothing older than what they were told meanwhile`()
        async throws
    {
        try await PresenceScene.run { scene in
            let (fixture, store, chat, ada) = (scene.fixture, scene.store, scene.chat, scene.ada)
            Self.hide(scene, true)
            let bens = await scene.live(scene.ben)
            await scene.settle()
            store.known = [ada: .online]
            store.outage = StoreError(.redis, .retryable, "away")
            await Self.block(scene, false)
            await scene.settle()
            #expect(bens.ephemeral.isEmpty)
            store.beforeTelling = {
                store.beforeTelling = {}
                store.known = [ada: .away]
                let payload = EphemeralEncoder.presence(of: ada, .away, lastSeen: nil)
                fixture.hubs[0].receive([EphemeralEvent(to: .chats([chat], of: ada), payload: payload)])
            }
            store.outage = nil
            #expect(await fixture.becomes { bens.ephemeral.count == 2 })
            #expect(PresenceScene.told(bens) == ["away", "away"])
        }
    }
}
