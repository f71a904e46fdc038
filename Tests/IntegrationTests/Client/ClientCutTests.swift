import DuologueClient
import Support
import Testing

/// Connections that are cut at any moment.
@Suite(.realTime) struct ClientCutTests {
    private static let rounds = 25
    private static let burst = 8

    @Test
    func `however often connections are cut, events are told once and in order and messages count once`() async throws {
        try await ServerScene.run { scene in
            let scene = try await ClientScene.start(scene)
            let steady = try await scene.makeClient("steady", isCutOff: false)
            let ada = try await scene.makeClient("ada")
            let eve = try await scene.makeClient("eve")
            let proxy = scene.proxy
            let chat = try await steady.createGroup("Group", with: [try await ada.me().id, try await eve.me().id]).id
            try await ClientProbe.watch(ada) { adaProbe in
                try await ClientProbe.watch(eve) { eveProbe in
                    try await adaProbe.waitUntilConnected()
                    try await eveProbe.waitUntilConnected()
                    let pending = try await Self.talk([ada, eve], in: chat, steady, proxy)
                    for message in pending { _ = try await message.acknowledgement() }
                    try await Self.check([adaProbe, eveProbe], steady, chat, pending)
                }
            }
        }
    }

    /// Has clients send in bursts, and somebody else react and edit, while all connections of the clients are cut.
    private static func talk(
        _ clients: [DuologueClient],
        in chat: DuologueClient.ChatID,
        _ steady: DuologueClient,
        _ proxy: TCPProxy
    ) async throws -> [PendingMessage] {
        var pending: [PendingMessage] = []
        for round in 1...rounds {
            for (index, client) in clients.enumerated() {
                for number in 1...burst {
                    pending.append(try await client.enqueue(.init("\(index) \(round) \(number)"), to: chat))
                }
            }
            let own = try await steady.send("steady \(round)", to: chat)
            try await steady.edit(own.id, to: "edited \(round)")
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...40)))
            await proxy.cutAll()
        }
        return pending
    }

    private static func check(
        _ probes: [ClientProbe],
        _ steady: DuologueClient,
        _ chat: DuologueClient.ChatID,
        _ pending: [PendingMessage]
    ) async throws {
        let events = try await steady.allEvents(of: chat)
        let head = try #require(events.last?.offset)
        for probe in probes {
            try await eventually("the last event, \(head)") { probe.chatEvents(chat).last?.offset == head }
            #expect(probe.resets(chat) == 0)
            let offsets = probe.chatEvents(chat).map(\.offset)
            #expect(offsets == Array((offsets.first ?? 0)...head))
            #expect(probe.events.count { $0 == .connection(.connected) } > 2, "no connection was cut")
        }
        let messages = try await steady.allMessages(of: chat)
        let ids = messages.compactMap(\.clientMessageID)
        #expect(Set(ids).count == ids.count)
        for sender in 0..<probes.count {
            let sent = messages.compactMap(\.content).filter { $0.hasPrefix("\(sender) ") }
            #expect(sent == (1...rounds).flatMap { round in (1...burst).map { "\(sender) \(round) \($0)" } })
        }
        #expect(messages.count == pending.count + rounds)
    }
}
