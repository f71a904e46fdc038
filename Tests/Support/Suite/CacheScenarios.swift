internal import Domain
internal import Messaging
internal import Testing

extension StoreScenario {
    static let cacheScenarios: [StoreScenario] = [
        StoreScenario("a cached page is what the stores say, whatever is unfinished") { ports in
            let pages = try await CachedPages(ports, seed: 5)
            for _ in 0..<25 {
                try await pages.change()
                try await pages.compare()
            }
            #expect(pages.hits >= 25)
        },
        StoreScenario("what changes while a page is read is shown by the next read") { ports in
            for kind in 0..<5 {
                let pages = try await CachedPages(ports, seed: 5)
                try await pages.finishAll()
                // The first read at a state is not kept.
                _ = try await pages.page(pages.cached, pages.ada)
                pages.bodies.interruption = {
                    switch kind {
                    case 0: try await ports.finish(ports.edit(pages.chat, 6, pages.ada))
                    case 1: try await ports.finish(ports.delete(pages.chat, 6, pages.ada))
                    case 2: try await ports.finish(ports.react("+", pages.chat, 6, pages.bob))
                    case 3: try await ports.finish(ports.reply(5, pages.chat, pages.bob))
                    default: try await ports.finish(ports.say("7", pages.chat, pages.ada))
                    }
                }
                let before = try await pages.page(pages.cached, pages.ada)
                let isInterrupted = pages.bodies.interruption == nil
                #expect(isInterrupted && pages.cache.count == 1)
                try await pages.compare()
                let after = try await pages.page(pages.cached, pages.ada)
                #expect(after != before, "kind \(kind)")
            }
        },
        StoreScenario("a page that is kept late is shown to nobody for whom it is too old") { ports in
            let pages = try await CachedPages(ports, seed: 5)
            pages.cache.holdsFills = true
            for _ in 0..<2 { _ = try await pages.page(pages.cached, pages.ada) }
            try await ports.finish(ports.edit(pages.chat, 5, pages.ada))
            for _ in 0..<2 { _ = try await pages.page(pages.cached, pages.ada) }
            pages.cache.release(backwards: true)
            try await pages.compare()
        },
        StoreScenario("a roster is read with the state of its chat, or the state alone") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            func roster(_ user: User, _ most: Int) async throws -> Roster? {
                try await ports.directory.roster(of: chat, for: user.id, limit: 1, ifAtMost: most)
            }
            let all = try #require(try await roster(ada, 2))
            #expect(all.page?.items.map(\.user) == [ada.id] && all.page?.next != nil)
            let many = try #require(try await roster(ada, 1))
            #expect(many.page == nil && many.state == all.state && many.state.lastOffset.rawValue == 1)
            let epoch = try await ports.history.epoch()
            #expect(many.state.epoch == epoch)
            let strange = try await roster(eve, 2)
            #expect(strange == nil)
            try await ports.finish(ports.role(.admin, of: bob, chat, by: ada))
            let later = try #require(try await roster(bob, 1))
            #expect(later.state.lastOffset.rawValue == 2)
        },
        StoreScenario("what is read of a chat says at which state, and whether others see more") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            for text in ["1", "2"] { try await ports.finish(ports.say(text, chat, ada)) }
            let first = MessageID(chat: chat, sequence: SequenceNumber(rawValue: 1))
            _ = try await ports.personal.hide(first, true, for: bob.id, limit: 10)
            let epoch = try await ports.history.epoch()
            for (user, isFiltered) in [(ada, false), (bob, true)] {
                let state = ChatState(epoch: epoch, lastOffset: Offset(rawValue: 3), isFiltered: isFiltered)
                let one = try await ports.directory.chat(chat, for: user.id)
                let listed = try await ports.directory.chats(of: user.id, limit: 10, cursor: nil).items.first
                let latest = try await ports.history.latest(of: [chat], for: user.id)[chat]
                // Others may repair something meanwhile.
                for var told in [one?.state, listed?.state, latest?.state] {
                    told?.silentChanges = 0
                    #expect(told == state)
                }
                let page = try await ports.history.snapshot(of: chat, for: user.id, window: .newest, limit: 1)
                #expect(page?.isFiltered == false, "nothing on this page is hidden")
                let whole = try await ports.history.snapshot(of: chat, for: user.id, window: .newest, limit: 2)
                #expect(
                    whole?.isFiltered == isFiltered && whole?.lastOffset == state.lastOffset && whole?.epoch == epoch
                )
            }
        },
    ]
}
