import Domain
import IOCore
import Messaging
import Support
import Testing
import Web

@testable import API

/// Three people in a chat in which anything may happen.
///
/// Loop-bound.
final class CachedScene {
    let api: APIHarness
    let people: [Person]
    let chat: Int64
    var random: SplitMix64
    private var sent = 0
    /// The last message that was deleted.
    private var deleted: Int?

    /// What may happen.
    enum Change: CaseIterable {
        case message, reply, edit, deletion, restoration, reaction, hiding, removal, addition, role, name, repair, purge
    }

    /// What has not happened yet, or was refused each time.
    private(set) var missing = Set(Change.allCases)

    init(_ api: APIHarness, seed: UInt64) async {
        self.api = api
        random = SplitMix64(seed: seed)
        people = [await api.person("ada"), await api.person("ben"), await api.person("cyd")]
        chat = await api.group(people[0], people[1], people[2])
        for _ in 0..<3 { await send() }
    }

    /// What is read through the cache.
    var paths: [String] {
        [
            "/chats/\(chat)/messages?limit=4", "/chats/\(chat)/messages?before=4&limit=3",
            "/chats/\(chat)/messages?around=first_unread&limit=4", "/chats/\(chat)/participants?limit=2", "/chats",
            "/chats/\(chat)",
        ]
    }

    /// Answers that the cache gave.
    var hits: Int {
        let metrics = CacheMetrics(registry: api.metrics)
        return CacheKind.allCases.reduce(0) { $0 + metrics[$1].hits.value }
    }

    /// Everybody's answer with the cache is the one without it.
    func compare(_ path: String) async {
        for person in people {
            let expected = await plain(path, person)
            let answer = await read(path, person)
            #expect(answer == expected, "\(path)")
        }
    }

    /// A read into which something else happens: it tells what was before that or what was after it, if it tells one moment.
    func interrupted() async throws {
        let (path, person) = (random.pick(paths), random.pick(people))
        let before = await plain(path, person)
        if random.chance(percent: 50) { api.cache.holdsFills = true }
        var isDone = false
        let interrupt: () async -> Void = { [self] in
            guard !isDone else { return }
            isDone = true
            await change()
        }
        if random.chance(percent: 50) {
            api.cache.beforeLook = { _ in await interrupt() }
        } else {
            api.stores.bodies.afterContents = interrupt
        }
        let answer = await read(path, person)
        api.cache.beforeLook = { _ in }
        api.stores.bodies.afterContents = {}
        let after = await plain(path, person)
        // A chat and its last message are of two statements, cached or not.
        if path.contains("limit") { #expect([before, after].contains(answer), "\(path)") }
        if random.chance(percent: 70) { api.cache.release(backwards: random.chance(percent: 50)) }
    }

    private func read(_ path: String, _ person: Person) async -> String {
        let answer = await api.call(.get, path, as: person.token)
        return "\(answer.status) \(answer.text)"
    }

    private func plain(_ path: String, _ person: Person) async -> String {
        api.cache.isAway = true
        defer { api.cache.isAway = false }
        return await read(path, person)
    }

    // MARK: Changes

    /// Something that the answers may show; it may be refused.
    func change() async {
        let number = 1 + random.below(sent)
        let message = path(number)
        let (person, other) = (random.pick(people), random.pick(people))
        switch random.below(17) {
        case 0, 1, 2: await send()
        case 3:
            let fields = #"{"content":"\#(sent + 1)","thread_root":"\#(chat)-\#(number)"}"#
            if await call(.reply, .post, "/chats/\(chat)/messages", person, fields) { sent += 1 }
        case 4, 5: await call(.edit, .put, message, people[0], #"{"content":"edited \#(random.below(1000))"}"#)
        case 6: if await call(.deletion, .delete, message, people[0]) { deleted = number }
        case 7:
            guard let last = deleted, await call(.restoration, .post, path(last) + "/restore", people[0]) else {
                return
            }
            deleted = nil
        case 8, 9:
            let method: HTTPMethod = random.chance(percent: 60) ? .put : .delete
            await call(.reaction, method, message + "/reactions/%F0%9F%91%8D", person)
        case 10: await call(.hiding, random.chance(percent: 50) ? .put : .delete, message + "/hidden", person)
        case 11: await call(.removal, .delete, "/chats/\(chat)/participants/\(people[2].id)", people[0])
        case 12:
            await call(.addition, .post, "/chats/\(chat)/participants", people[0], #"{"user_id":\#(people[2].id)}"#)
        case 13:
            let fields = #"{"role":"\#(random.chance(percent: 50) ? "admin" : "member")"}"#
            await call(.role, .patch, "/chats/\(chat)/participants/\(other.id)", people[0], fields)
        case 14:
            api.stores.database.rename(UserID(rawValue: other.id), to: "name-\(random.below(1000))")
            missing.remove(.name)
        case 15:
            let id = MessageID(chat: ChatID(rawValue: chat), sequence: SequenceNumber(rawValue: Int64(number)))
            api.stores.bodies.repair(id, to: "repaired \(random.below(1000))")
            api.stores.database.silentChanges += 1
            missing.remove(.repair)
        default: await purge()
        }
    }

    private func path(_ number: Int) -> String { "/messages/\(chat)-\(number)" }

    private func send() async {
        let fields = #"{"content":"\#(sent + 1)"}"#
        if await call(.message, .post, "/chats/\(chat)/messages", people[0], fields) { sent += 1 }
    }

    private func purge() async {
        guard let targets = try? await api.stores.purges.takePurges(olderThan: .zero, limit: 10),
            let erased = try? await api.stores.bodies.purge(targets)
        else { return }
        try? await api.stores.purges.finishPurges(erased)
        if !erased.isEmpty { missing.remove(.purge) }
    }

    /// Whether it was not refused.
    @discardableResult
    private func call(
        _ change: Change,
        _ method: HTTPMethod,
        _ path: String,
        _ person: Person,
        _ json: String? = nil
    ) async -> Bool {
        let answer = await api.call(method, path, as: person.token, json: json)
        guard (200...299).contains(answer.status) else { return false }
        missing.remove(change)
        return true
    }
}
