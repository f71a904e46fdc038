import Domain
import Support
import Testing
import Web

@testable import API

/// Answers made with the cache, beside those made without it.
@Suite struct CachedAnswersTests {
    @Test(arguments: 1...24 as ClosedRange<UInt64>)
    func `whatever changes in between, a cached answer is what the stores say`(seed: UInt64) async throws {
        try await withAPI { api in
            let scene = await CachedScene(api, seed: seed)
            for _ in 0..<40 {
                await scene.change()
                let reads = scene.random.below(6)
                for _ in 0..<reads { try await scene.interrupted() }
                for path in scene.paths { await scene.compare(path) }
            }
            #expect(scene.hits > 60, "the cache was of use")
            // However the seed has it, each kind of change was made and not only refused.
            for _ in 0..<1_000 where !scene.missing.isEmpty {
                await scene.change()
                for path in scene.paths { await scene.compare(path) }
            }
            #expect(scene.missing.isEmpty)
        }
    }

    @Test func `who is removed sees nothing more of what is hot`() async throws {
        try await withAPI { api in
            let scene = await CachedScene(api, seed: 1)
            let (ada, ben) = (scene.people[0], scene.people[1])
            for path in scene.paths {
                for person in [ada, ben, ada, ben] { _ = await api.call(.get, path, as: person.token) }
            }
            let hits = scene.hits
            #expect(hits >= 8)
            let path = "/chats/\(scene.chat)/participants/\(ben.id)"
            #expect(await api.call(.delete, path, as: ada.token).status == 204)
            for path in scene.paths where path != "/chats" {
                let refused = await api.call(.get, path, as: ben.token)
                #expect(refused.status == 404 && refused.code == "chat_not_found", "\(path)")
            }
            #expect(await api.call(.get, "/chats", as: ben.token).items.isEmpty)
            #expect(scene.hits == hits)
        }
    }

    @Test func `what somebody hid stays hidden for them, and is shown to others`() async throws {
        try await withAPI { api in
            let scene = await CachedScene(api, seed: 1)
            let (ada, ben) = (scene.people[0], scene.people[1])
            let path = "/chats/\(scene.chat)/messages?limit=10"
            for _ in 0..<3 { _ = await api.call(.get, path, as: ada.token) }
            #expect(await api.call(.put, "/messages/\(scene.chat)-3/hidden", as: ben.token).status == 204)
            for _ in 0..<3 {
                #expect(await api.call(.get, path, as: ben.token).integers("seq") == [1, 2])
                #expect(await api.call(.get, path, as: ada.token).integers("seq") == [1, 2, 3])
                let chats = [
                    await api.call(.get, "/chats/\(scene.chat)", as: ben.token).text,
                    await api.call(.get, "/chats", as: ben.token).text,
                ]
                for text in chats { #expect(text.contains(#""content":"2""#) && !text.contains(#""content":"3""#)) }
                let others = await api.call(.get, "/chats/\(scene.chat)", as: ada.token).text
                #expect(others.contains(#""content":"3""#))
            }
        }
    }

    @Test func `a value that is none of ours is a miss`() async throws {
        try await withAPI { api in
            let scene = await CachedScene(api, seed: 1)
            for path in scene.paths { await scene.compare(path) }
            #expect(api.cache.count >= 3)
            for garbage in [[UInt8](), [0], Array("duologue 1 messages".utf8), Array(repeating: 255, count: 70_000)] {
                api.cache.tamper { _ in garbage }
                for path in scene.paths { await scene.compare(path) }
            }
            api.cache.tamper { Array($0.dropLast()) }
            for path in scene.paths { await scene.compare(path) }
        }
    }

    @Test func `pages further back are not kept`() async throws {
        try await withAPI { api in
            let scene = await CachedScene(api, seed: 1)
            let path = "/chats/\(scene.chat)/messages"
            for query in ["before=3&limit=1", "before=3&limit=2", "before=2&limit=1", "after=0&limit=2"] {
                for _ in 0..<3 { _ = await api.call(.get, "\(path)?\(query)", as: scene.people[0].token) }
            }
            #expect(api.cache.count == 0 && scene.hits == 0)
            for query in ["limit=2", "after=1&limit=2", "after=1"] {
                for _ in 0..<3 { _ = await api.call(.get, "\(path)?\(query)", as: scene.people[0].token) }
            }
            #expect(api.cache.count == 1 && scene.hits == 7)
        }
    }

    @Test func `a read is counted once, however often the stores are asked`() async throws {
        try await withAPI { api in
            let scene = await CachedScene(api, seed: 1)
            let (path, token) = ("/chats/\(scene.chat)/messages?limit=10", scene.people[0].token)
            _ = await api.call(.get, path, as: token)
            var isEdited = false
            let message = "/messages/\(scene.chat)-3"
            // After the statement: what MongoDB has is newer than that, so both are asked again.
            api.cache.beforeLook = { _ in
                guard !isEdited else { return }
                isEdited = true
                _ = await api.call(.put, message, as: token, json: #"{"content":"new"}"#)
            }
            let answer = await api.call(.get, path, as: token)
            #expect(answer.text.contains(#""content":"new""#))
            let counts = await api.call(.get, "//cache/stats").text
            #expect(counts.contains(#""messages":{"hits":0,"misses":2,"bypassed":0,"#))
        }
    }

    @Test func `hits, misses and bypassed make all reads`() async throws {
        try await withAPI { api in
            let scene = await CachedScene(api, seed: 1)
            let path = "/chats/\(scene.chat)/messages?limit=10"
            func counts() async -> String { await api.call(.get, "//cache/stats").text }
            for _ in 0..<4 { _ = await api.call(.get, path, as: scene.people[0].token) }
            #expect(
                await counts().contains(
                    #""messages":{"hits":2,"misses":2,"bypassed":0,"fills":1,"ratio":0.5}"#
                )
            )
            api.cache.isAway = true
            for _ in 0..<2 { _ = await api.call(.get, path, as: scene.people[0].token) }
            #expect(await counts().contains(#""misses":2,"bypassed":2,"fills":1,"ratio":0.5}"#))
            #expect(await counts().contains(#""members":{"hits":0,"misses":0,"bypassed":0,"fills":0,"ratio":null}"#))
            for id in [scene.people[1].id, scene.people[1].id, 1 << 40] {
                _ = await api.call(.get, "/users/\(id)", as: scene.people[0].token)
            }
            #expect(await counts().contains(#""profiles":{"hits":0,"misses":0,"bypassed":2,"fills":0,"ratio":null}"#))
            let metrics = await api.call(.get, "//metrics").text
            #expect(metrics.contains(#"duologue_cache_reads_total{kind="messages",outcome="hit"} 2"#))
        }
    }
}
