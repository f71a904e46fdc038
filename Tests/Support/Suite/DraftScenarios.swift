internal import Domain
internal import Testing

extension StoreScenario {
    /// What is promised of drafts.
    static let draftScenarios: [StoreScenario] = [
        StoreScenario("a member has one draft in a chat: the last that was written") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let (chat, other) = (try await ports.group(ada, bob), try await ports.group(ada, bob))
            try await ports.done(ports.say("1", chat, ada))
            #expect(try await ports.drafts.draft(in: chat, of: bob.id) == .none)
            let one = SequenceNumber(rawValue: 1)
            let first = try await draft(ports.drafts.put("a", replyingTo: one, in: chat, of: bob.id))
            #expect(first.chat == chat && first.content == "a" && first.replyTo == one)
            let second = try await draft(ports.drafts.put("b\n ", replyingTo: nil, in: chat, of: bob.id))
            #expect(second.replyTo == nil && second.updatedAt > first.updatedAt)
            #expect(try await ports.drafts.draft(in: chat, of: bob.id) == .draft(second))
            #expect(try await ports.drafts.draft(in: chat, of: ada.id) == .none)
            #expect(try await ports.drafts.draft(in: other, of: bob.id) == .none)
            for _ in 1...2 { #expect(try await ports.drafts.remove(in: chat, of: bob.id) == .none) }
            #expect(try await ports.drafts.draft(in: chat, of: bob.id) == .none)
        },
        StoreScenario("a draft replies to what there is, and needs a member") { ports in
            let (ada, eve) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada)
            let nowhere = ChatID(rawValue: 1 << 52)
            try await ports.done(ports.say("1", chat, ada))
            for number in [0, 2] as [Int64] {
                let replyTo = SequenceNumber(rawValue: number)
                #expect(try await ports.drafts.put("a", replyingTo: replyTo, in: chat, of: ada.id) == .missing)
            }
            #expect(try await ports.drafts.draft(in: chat, of: ada.id) == .none)
            for place in [chat, nowhere] {
                #expect(try await ports.drafts.put("a", replyingTo: nil, in: place, of: eve.id) == .stranger)
                #expect(try await ports.drafts.draft(in: place, of: eve.id) == .stranger)
                #expect(try await ports.drafts.remove(in: place, of: eve.id) == .stranger)
            }
        },
        StoreScenario("a draft goes with its member, and does not come back") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            for person in [ada, bob] {
                _ = try await draft(ports.drafts.put("a", replyingTo: nil, in: chat, of: person.id))
            }
            try await ports.done(ports.operation(chat, ada, .removeParticipant(bob.id)))
            #expect(try await ports.drafts.draft(in: chat, of: bob.id) == .stranger)
            try await ports.done(ports.add(bob, chat, ada))
            #expect(try await ports.drafts.draft(in: chat, of: bob.id) == .none)
            _ = try await draft(ports.drafts.draft(in: chat, of: ada.id))
        },
    ]

    private static func draft(_ outcome: DraftOutcome) throws -> SyncedDraft {
        guard case .draft(let draft) = outcome else { throw StepFailed(step: "a draft; \(outcome)") }
        return draft
    }
}
