internal import Domain
internal import Testing

extension StoreScenario {
    /// Profiles, search and settings.
    static let peopleScenarios: [StoreScenario] = [
        StoreScenario("a profile is changed field by field") { ports in
            let ada = try await ports.someone()
            let set = ProfileChange(
                fullName: .set("Ada L."),
                avatarURL: .set("https://a.example"),
                statusText: .set("s")
            )
            let full = try #require(try await ports.people.change(set, of: ada.id))
            #expect(full.fullName == "Ada L." && full.avatarURL == "https://a.example" && full.statusText == "s")
            #expect(full.username == ada.username && full.email == ada.email)
            let cleared = try await ports.people.change(ProfileChange(avatarURL: .clear), of: ada.id)
            let seen = try await ports.people.user(ada.id, for: ada.id)
            #expect(cleared?.fullName == "Ada L." && cleared?.avatarURL == nil && seen == cleared)
            let nobody = UserID(rawValue: 1 << 52)
            let changed = try await ports.people.change(set, of: nobody)
            let found = try await ports.people.user(nobody, for: ada.id)
            #expect(changed == nil && found == nil)
        },
        StoreScenario("people are found by the beginnings of their names, whatever case, accents and width") { ports in
            let ada = try await ports.someone()
            let tag = ports.tag()
            let names = ["Érik \(tag)øne", "JEAN-LUC \(tag)one", "Straße \(tag)x", "Zoë O'\(tag) Brien"]
            var ids: [UserID] = []
            for name in names { ids.append(try await ports.someone(named: name).id) }
            func find(_ query: String) async throws -> Set<UserID> {
                let page = try await ports.people.search(query, for: ada.id, limit: 100, cursor: nil)
                let count = try await ports.people.count(query, for: ada.id)
                #expect(page.next == nil && count == page.items.count, "\(query)")
                return Set(page.items.map(\.id))
            }
            let queries: [(String, [Int])] = [
                (tag.uppercased(), [0, 1, 2, 3]), ("\(tag)ONE", [0, 1]), ("\(tag)ö", [0, 1]), ("erik \(tag)", [0]),
                ("\(tag) ÉR", [0]), ("luc \(tag)", [1]), ("jean-l \(tag)", [1]), ("STRASSE \(tag)", [2]),
                ("ｚｏｅ \(tag)", [3]), ("o'\(tag)", [3]), ("brie  \(tag) zo", [3]), ("rik \(tag)", []),
                ("\(tag)one erik jean", []),
            ]
            for (query, expected) in queries {
                let found = try await find(query)
                #expect(found == Set(expected.map { ids[$0] }), "\(query)")
            }
            let byName = try await find(ada.username.uppercased())
            #expect(byName == [ada.id])
        },
        StoreScenario("a search is paged, by cursor and by number, each person once") { ports in
            let (ada, tag) = (try await ports.someone(), ports.tag())
            var ids: Set<UserID> = []
            for letter in ["b", "a", "d", "c", "e"] {
                ids.insert(try await ports.someone(named: "\(tag)\(letter) \(tag)z").id)
            }
            var found: [User] = []
            var cursor: String?
            repeat {
                let page = try await ports.people.search(tag, for: ada.id, limit: 2, cursor: cursor)
                found += page.items
                cursor = page.next
            } while cursor != nil
            #expect(found.map(\.fullName) == ["a", "b", "c", "d", "e"].map { "\(tag)\($0) \(tag)z" })
            #expect(Set(found.map(\.id)) == ids)
            let second = try await ports.people.search(tag, for: ada.id, limit: 2, skipping: 2)
            let beyond = try await ports.people.search(tag, for: ada.id, limit: 2, skipping: 9)
            let count = try await ports.people.count(tag, for: ada.id)
            #expect(second.items == Array(found[2..<4]) && second.next != nil && beyond.items.isEmpty && count == 5)
            let wrong = await failure { _ = try await ports.people.search(tag, for: ada.id, limit: 2, cursor: "!.x") }
            #expect(wrong == .invalidValue)
            let everybody = try await ports.people.search(" ", for: ada.id, limit: 3, cursor: nil)
            #expect(everybody.items.count == 3)
        },
        StoreScenario("the disabled and the blocked are not found, and a new name is") { ports in
            let (ada, tag) = (try await ports.someone(), ports.tag())
            var people: [User] = []
            for _ in 0..<4 { people.append(try await ports.someone(named: "Eve \(tag)")) }
            _ = try await ports.administration.disable(people[0].id)
            _ = try await ports.relations.block(people[1].id, by: ada.id)
            _ = try await ports.relations.block(ada.id, by: people[2].id)
            let found = try await ports.people.search(tag, for: ada.id, limit: 9, cursor: nil)
            let count = try await ports.people.count(tag, for: ada.id)
            #expect(found.items.map(\.id) == [people[3].id] && count == 1)
            _ = try await ports.people.change(ProfileChange(fullName: .set("Bob \(tag)x")), of: people[3].id)
            let old = try await ports.people.count("eve \(tag)", for: ada.id)
            let new = try await ports.people.count("\(tag)x", for: ada.id)
            #expect(old == 0 && new == 1)
        },
        StoreScenario("settings are as the defaults say until they are changed, one by one") { ports in
            let ada = try await ports.someone()
            let first = try await ports.people.settings(of: ada.id)
            let second = try await ports.people.change(SettingsChange(lastSeen: .nobody), of: ada.id)
            let change = SettingsChange(notifications: .mentions, readReceipts: false)
            let third = try await ports.people.change(change, of: ada.id)
            let last = try await ports.people.settings(of: ada.id)
            #expect(first == UserSettings() && second == UserSettings(lastSeen: .nobody))
            #expect(third == UserSettings(notifications: .mentions, lastSeen: .nobody, readReceipts: false))
            #expect(last == third)
        },
        StoreScenario("when somebody was last seen is told to whom they allow") { ports in
            let (ada, bob, eve) = (try await ports.someone(), try await ports.someone(), try await ports.someone())
            let time = Timestamp(milliseconds: 1_767_225_600_456)
            try await ports.accounts.noteSeen([(user: ada.id, at: time)])
            try await ports.relations.addContact(bob.id, of: ada.id)
            func seen() async throws -> [Timestamp?] {
                var times: [Timestamp?] = []
                for viewer in [ada, bob, eve] {
                    times.append(try await ports.people.user(ada.id, for: viewer.id)?.lastSeen)
                }
                return times
            }
            let expected: [(Audience, [Timestamp?])] = [
                (.everyone, [time, time, time]), (.contacts, [time, time, nil]), (.nobody, [time, nil, nil]),
            ]
            for (audience, times) in expected {
                _ = try await ports.people.change(SettingsChange(lastSeen: audience), of: ada.id)
                let told = try await seen()
                #expect(told == times)
            }
            _ = try await ports.people.change(SettingsChange(lastSeen: .everyone), of: ada.id)
            _ = try await ports.relations.block(ada.id, by: bob.id)
            let blocked = try await seen()
            #expect(blocked == [time, nil, time])
        },
        StoreScenario("who keeps receipts to themselves is read of by nobody else") { ports in
            let (ada, bob) = (try await ports.someone(), try await ports.someone())
            let chat = try await ports.group(ada, bob)
            try await ports.finish(ports.say("1", chat, ada))
            _ = try await ports.people.change(SettingsChange(readReceipts: false), of: bob.id)
            let mark = ReadMark(chat: chat, user: bob.id, sequence: SequenceNumber(rawValue: 1))
            let progress = try await ports.reads.advance([mark])
            #expect(progress[0]?.hasMoved == true && progress[0]?.isTold == false)
            let adas = try await ports.reads.receipts(of: chat, for: ada.id, limit: 9, cursor: nil)
            let bobs = try await ports.reads.receipts(of: chat, for: bob.id, limit: 9, cursor: nil)
            #expect(adas?.items.map(\.user) == [ada.id] && Set(bobs?.items.map(\.user) ?? []) == [ada.id, bob.id])
        },
    ]
}

extension StorePorts {
    /// A word that nobody else's name begins with.
    fileprivate func tag() -> String { "q" + UniversalID.random().description.filter { $0 != "-" }.prefix(12) }

    fileprivate func someone(named name: String) async throws -> User {
        let user = try await someone()
        return try #require(try await people.change(ProfileChange(fullName: .set(name)), of: user.id))
    }
}
