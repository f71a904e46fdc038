import API
import Domain
import IOCore
import Messaging
import Security
import Support
import Testing
import Web

@testable import Gateway

/// Sockets from their first frame to their end.
@Suite(.realTime) struct GatewaySessionTests {
    private static func read(_ chat: ChatID, _ id: Int) -> String {
        #"{"type":"read","id":\#(id),"chat_id":\#(chat),"seq":1}"#
    }

    @Test func `one that leaves does nothing more and ends, though its client died with commands unread`() async throws
    {
        try await GatewayFixture.run(settings: { $0.framesPerSecond = 1_000 }) { fixture in
            let ada = try await fixture.member()
            let chat = try await fixture.chat(ada)
            let (socket, session) = try await fixture.ready(ada)
            let gate = Gate()
            fixture.marks.hold = { [loop = fixture.loop] in await gate.wait(loop) }
            for number in 0..<200 { socket.send(Self.read(chat, number)) }
            #expect(await fixture.becomes { session.inFlight == 64 })
            socket.connection.abort()
            session.leave()
            gate.isOpen = true
            #expect(await fixture.becomes { fixture.ended == 1 })
            #expect(fixture.sessions.isEmpty && fixture.hub.hubs[0].sessionCount == 0)
            #expect(fixture.hub.stores.reads.calls.joined().count == 64)
        }
    }

    @Test func `of many commands at once so many are under way, and the others follow`() async throws {
        try await GatewayFixture.run(settings: { $0.framesPerSecond = 1_000 }) { fixture in
            let ada = try await fixture.member()
            let chat = try await fixture.chat(ada)
            let (socket, session) = try await fixture.ready(ada)
            var most = 0
            fixture.marks.hold = { most = max(most, session.inFlight) }
            for number in 0..<300 { socket.send(Self.read(chat, number)) }
            try await socket.wait(for: "all answers") { socket.count("ack") == 300 }
            #expect(socket.takeAll("ack").compactMap { $0.integer("id") } == (0..<300).map { Int64($0) })
            #expect(most == 64)
        }
    }

    @Test func `who authenticates with the very first bytes counts once`() async throws {
        try await GatewayFixture.run(perUser: 1) { fixture in
            let ada = try await fixture.member()
            for round in 1...3 {
                let socket = try await fixture.open(nil, first: ada.auth)
                _ = try await socket.frame("ready")
                socket.connection.close()
                #expect(await fixture.becomes { fixture.ended == round })
            }
        }
    }

    @Test func `who says nothing until the deadline is told so, and who said who they are stays`() async throws {
        try await GatewayFixture.run(settings: { $0.authDeadline = .seconds(1) }) { fixture in
            let ada = try await fixture.member()
            let known = try await fixture.open(nil, first: ada.auth)
            let silent = try await fixture.open(nil)
            let status = try await silent.closeStatus()
            #expect(status.code.rawValue == 4001 && status.reason == "no auth frame came in time")
            known.send(#"{"type":"ping"}"#)
            _ = try await known.frame("pong")
        }
    }

    @Test func `who wants to resume is waited for, and taken in without it`() async throws {
        try await GatewayFixture.run(settings: { $0.resumeDeadline = .milliseconds(200) }) { fixture in
            let ada = try await fixture.member()
            let silent = try await fixture.open(ada.token, target: "/api/v1/ws?resume=1")
            let plain = try await fixture.open(ada.token)
            _ = try await plain.frame("ready")
            _ = try await silent.frame("ready")
            silent.send(#"{"type":"resume","id":1,"epoch":"memory","cursors":{}}"#)
            #expect(try await silent.frame("error").string("code") == "conflict")
            #expect(silent.count("resumed") == 0)
        }
        try await GatewayFixture.run(settings: { $0.resumeDeadline = .seconds(1_000) }) { fixture in
            let ada = try await fixture.member()
            let waited = try await fixture.open(ada.token, target: "/api/v1/ws?resume=1")
            let plain = try await fixture.open(ada.token)
            _ = try await plain.frame("ready")
            #expect(waited.count("ready") == 0)
            waited.send(#"{"type":"resume","epoch":"memory","cursors":{}}"#)
            _ = try await waited.frame("resumed")
        }
    }

    @Test func `what is typed before ready is told once it is known who may hear it`() async throws {
        try await GatewayFixture.run(settings: { $0.resumeDeadline = .seconds(1_000) }) { fixture in
            let (ada, ben) = (try await fixture.member(), try await fixture.member())
            let (chat, foreign) = (try await fixture.chat(ada, with: [ben]), try await fixture.chat(ben))
            let adas = try await fixture.open(ada.token, target: "/api/v1/ws?resume=1")
            for (id, named) in [(1, chat), (2, foreign)] {
                adas.send(#"{"type":"typing","id":\#(id),"chat_id":\#(named),"state":"start"}"#)
            }
            adas.send(#"{"type":"ping"}"#)
            _ = try await adas.frame("pong")
            #expect(adas.count("ack") == 0 && adas.count("error") == 0)
            adas.send(#"{"type":"resume","epoch":"memory","cursors":{}}"#)
            _ = try await adas.frame("ready")
            #expect(try await adas.frame("ack").integer("id") == 1)
            let error = try await adas.frame("error")
            #expect(error.integer("id") == 2 && error.string("code") == "chat_not_found")
        }
    }

    @Test func `a revoked session writes nothing, though its socket was not taken in yet`() async throws {
        try await GatewayFixture.run(settings: { $0.resumeDeadline = .seconds(1_000) }) { fixture in
            let ada = try await fixture.member()
            let chat = try await fixture.chat(ada)
            fixture.revoked.completed(now: ContinuousClock.now + .seconds(86_400))
            let socket = try await fixture.open(ada.token, target: "/api/v1/ws?resume=1")
            socket.send(Self.read(chat, 1))
            _ = try await socket.frame("ack")
            fixture.revoked.add(fixture.sessions.compactMap { $0.caller?.session })
            socket.send(Self.read(chat, 2))
            #expect(try await socket.closeStatus().code.rawValue == 4010)
            #expect(fixture.hub.stores.reads.calls.joined().count == 1)
        }
    }

    @Test func `before it is known which sessions have ended, only sockets that were taken in write`() async throws {
        try await GatewayFixture.run(settings: { $0.resumeDeadline = .seconds(1_000) }) { fixture in
            let ada = try await fixture.member()
            let chat = try await fixture.chat(ada)
            let socket = try await fixture.open(ada.token, target: "/api/v1/ws?resume=1")
            socket.send(Self.read(chat, 1))
            let error = try await socket.frame("error")
            #expect(error.string("code") == "store_unavailable" && error.integer("id") == 1)
            socket.send(#"{"type":"resume","epoch":"memory","cursors":{}}"#)
            _ = try await socket.frame("resumed")
            socket.send(Self.read(chat, 2))
            #expect(try await socket.frame("ack").integer("id") == 2)
        }
    }

    @Test func `only so much is kept of what is typed before ready`() async throws {
        try await GatewayFixture.run(settings: {
            $0.resumeDeadline = .seconds(1_000)
            $0.framesPerSecond = 1_000
        }) { fixture in
            let ada = try await fixture.member()
            let chat = try await fixture.chat(ada)
            let socket = try await fixture.open(ada.token, target: "/api/v1/ws?resume=1")
            for id in 1...65 { socket.send(#"{"type":"typing","id":\#(id),"chat_id":\#(chat),"state":"start"}"#) }
            let error = try await socket.frame("error")
            #expect(error.integer("id") == 65 && error.string("code") == "overloaded")
        }
    }

    @Test func `several spaces before a handshake's token are one`() async throws {
        try await GatewayFixture.run { fixture in
            let ada = try await fixture.member()
            let socket = try await fixture.open("  " + ada.token)
            #expect(try await socket.frame("ready").integer("user_id") == ada.id.rawValue)
        }
    }

    @Test func `a ticket drawn before its session was revoked opens nothing`() async throws {
        try await GatewayFixture.run { fixture in
            let ada = try await fixture.member()
            func show(_ session: SessionID) async throws -> HTTPResponse.Upgrade {
                let ticket = Ticket.generate()
                let caller = Caller(user: ada.id, session: session, expiresAt: Timestamp(milliseconds: 900_000))
                try await fixture.hub.stores.tickets.keep(ticket.digest, for: caller, lifetime: .seconds(30))
                return try await fixture.handshake(nil, target: "/api/v1/ws?ticket=\(ticket.text)")
            }
            // The store knows of no such session.
            await #expect(throws: Failure.self) { _ = try await show(.random()) }
            // Now it is not asked.
            fixture.revoked.completed(now: ContinuousClock.now + .seconds(86_400))
            _ = try await show(.random())
            let ended = SessionID.random()
            fixture.revoked.add([ended])
            await #expect(throws: Failure.self) { _ = try await show(ended) }
        }
    }

    @Test func `while it is not known which sessions have ended, the store says it of a handshake's token`()
        async throws
    {
        try await GatewayFixture.run { fixture in
            let (ada, ben) = (try await fixture.member(), try await fixture.member())
            let stores = fixture.hub.stores
            func refusal(_ member: GatewayFixture.Member, byHeader: Bool = true) async -> (any Error)? {
                do {
                    let offer = "duologue.v1, bearer.\(member.token)"
                    _ =
                        try await byHeader
                        ? fixture.handshake(member.token) : fixture.handshake(nil, offering: offer)
                    return nil
                } catch {
                    return error
                }
            }
            // The node is not told.
            _ = try await stores.accounts.revoke(ben.session, of: ben.id)
            #expect(!fixture.revoked.isComplete() && !fixture.revoked.contains(ben.session))
            for byHeader in [true, false] {
                let (ended, open) = (await refusal(ben, byHeader: byHeader), await refusal(ada, byHeader: byHeader))
                #expect((ended as? Failure)?.code == .unauthenticated)
                #expect(open == nil)
            }
            stores.database.outage = StoreError(.postgres, .retryable, "away")
            let unknown = await refusal(ada)
            #expect(unknown is StoreError, "what nobody can tell is not taken for valid")
            fixture.revoked.completed(now: ContinuousClock.now + .seconds(86_400))
            let known = await refusal(ada)
            #expect(known == nil, "the store is not asked")
            stores.database.outage = nil
        }
    }

    @Test func `the session that one more of its user ends loses its socket, and the others keep theirs`() async throws
    {
        try await GatewayFixture.run { fixture in
            let ada = try await fixture.member()
            let phone = try await fixture.session(of: ada.id)
            let (oldest, ending) = try await fixture.ready(ada)
            let (next, staying) = try await fixture.ready(phone)
            let watch = SessionWatch(
                loop: fixture.loop,
                accounts: fixture.hub.stores.accounts,
                revoked: fixture.revoked,
                uses: SessionUses(),
                logger: Logger(label: "test", level: .error, sink: .silent)
            )
            func look() async {
                await watch.look()
                for session in [ending, staying] {
                    session.checkDeadlines(now: fixture.loop.now, time: Timestamp(milliseconds: 0))
                }
            }
            for _ in 3...100 { _ = try await fixture.session(of: ada.id) }
            await look()
            #expect(ending.isOpen && staying.isOpen)
            _ = try await fixture.session(of: ada.id)
            await look()
            #expect(try await oldest.closeStatus().code.rawValue == 4010)
            next.send(#"{"type":"ping"}"#)
            _ = try await next.frame("pong")
            #expect(staying.isOpen)
        }
    }

    @Test func `a token that ends closes the socket, unless a fresh one of the same user came`() async throws {
        try await GatewayFixture.run { fixture in
            let (ada, ben) = (try await fixture.member(), try await fixture.member())
            let (socket, session) = try await fixture.ready(ada)
            socket.send(ben.auth)
            #expect(try await socket.frame("error").string("code") == "forbidden")
            session.checkDeadlines(now: fixture.loop.now, time: Timestamp(milliseconds: 899_999))
            socket.send(ada.auth)
            _ = try await socket.frame("ack")
            #expect(session.isOpen)
            session.checkDeadlines(now: fixture.loop.now, time: Timestamp(milliseconds: 900_000))
            let status = try await socket.closeStatus()
            #expect(status.code.rawValue == 4001 && status.reason == "token_expired")
        }
    }

    @Test func `a server that stops answers what is under way, says goodbye and lets nobody in`() async throws {
        try await GatewayFixture.run(settings: { $0.drain = .zero }) { fixture in
            let (ada, ben) = (try await fixture.member(), try await fixture.member())
            let chat = try await fixture.chat(ada)
            let (busy, session) = try await fixture.ready(ada)
            let (idle, _) = try await fixture.ready(ben)
            let gate = Gate()
            fixture.marks.hold = { [loop = fixture.loop] in await gate.wait(loop) }
            busy.send(Self.read(chat, 1))
            #expect(await fixture.becomes { session.inFlight == 1 })
            fixture.stop.trigger()
            let goodbye = try await idle.closeStatus()
            #expect(goodbye.code.rawValue == 1001 && goodbye.reason == "the server is stopping")
            #expect(!busy.isClosed)
            await #expect(throws: Failure.self) { _ = try await fixture.open(ada.token) }
            gate.isOpen = true
            #expect(try await busy.closeStatus().code.rawValue == 1001)
            #expect(busy.count("ack") == 1)
        }
    }

    @Test func `whose handshake was on its way when the server stopped is sent away as well`() async throws {
        try await GatewayFixture.run(settings: { $0.drain = .zero }) { fixture in
            let ada = try await fixture.member()
            let upgrade = try await fixture.handshake(ada.token)
            let (idle, _) = try await fixture.ready(ada)
            fixture.stop.trigger()
            #expect(try await idle.closeStatus().code.rawValue == 1001)
            let late = try fixture.connect(upgrade)
            #expect(try await late.closeStatus().code.rawValue == 1001)
            #expect(await fixture.becomes { fixture.ended == 2 })
        }
    }
}
