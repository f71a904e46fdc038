import Domain
import IOCore
import Support
import Testing

@testable import Gateway

@Suite struct HubScheduleTests {
    @Test(arguments: 0..<10)
    func `in any schedule each socket gets each event after its head once, in order, and nothing while it is no member`(
        _ hundred: Int
    ) async throws {
        for seed in hundred * 100..<(hundred + 1) * 100 {
            let complaint = try await Schedule.outcome(seed: UInt64(seed))
            #expect(complaint == nil, "seed \(seed)")
        }
    }
}

/// Random doings of a few users on two hubs that hear of them in different orders, some twice, some not at all.
private final class Schedule {
    private let fixture: HubFixture
    private var random: SplitMix64
    private var users: [UserID] = []
    private var sockets: [RememberingSocket] = []
    private var members: [ChatID: Set<UserID>] = [:]
    /// Offsets of the events that took somebody in, and of those that removed them.
    private var additions: [ChatID: [UserID: Set<Int64>]] = [:]
    private var removals: [ChatID: [UserID: Set<Int64>]] = [:]
    private var lasts: [ChatID: Int64] = [:]
    private var uncovered: [Committed] = []
    private var isSettled = false
    /// What each hub has yet to hear.
    private var inboxes: [[Announcement]] = [[], []]

    private init(_ fixture: HubFixture, seed: UInt64) {
        self.fixture = fixture
        random = SplitMix64(seed: seed)
    }

    /// What went wrong; nil when nothing did.
    static func outcome(seed: UInt64) async throws -> String? {
        let complaint = Complaint()
        try await HubFixture.run(hubs: 2) { fixture in
            let schedule = Schedule(fixture, seed: seed)
            complaint.text = try await schedule.play()
        }
        return complaint.text
    }

    private func play() async throws -> String? {
        for _ in 0..<4 { users.append(try await fixture.user()) }
        // The hubs outlive the schedule by a little.
        let pause = { [weak self] in
            let yields = self.map { Int.random(in: 0..<4, using: &$0.random) } ?? 0
            for _ in 0..<yields { await Task.yield() }
        }
        fixture.directory.pause = pause
        fixture.history.pause = pause
        for _ in 0..<60 {
            try await step()
            await pause()
        }
        try await settle()
        let isDone = await fixture.becomes { sockets.allSatisfy { complaint(of: $0) == nil } }
        return isDone ? nil : sockets.compactMap(complaint).joined(separator: "; ")
    }

    // MARK: Steps

    private func step() async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<8: connect()
        case 8..<14: resume()
        case 14..<20: sockets.filter(\.isOpen).randomElement(using: &random)?.close()
        case 20..<28: try await createChat()
        case 28..<34: try await removeMember()
        case 34..<40: try await addMember()
        case 40..<60: try await say()
        case 60..<66: try await forgetRedo()
        case 66: fixture.forgetRecent()
        default: hear()
        }
    }

    private func connect() {
        guard let user = users.randomElement(using: &random) else { return }
        add(fixture.connect(user, to: Int.random(in: 0..<2, using: &random)))
    }

    /// A client connects again from what it has seen, of which it may have forgotten or mixed up some.
    private func resume() {
        let known = sockets.filter { $0.heads != nil }
        guard let socket = known.randomElement(using: &random) else { return connect() }
        var cursors = socket.cursors
        if let chat = cursors.keys.sorted().randomElement(using: &random) {
            switch Int.random(in: 0..<8, using: &random) {
            case 0: cursors[chat] = nil
            case 1: cursors[chat] = .zero
            case 2: cursors[chat] = Offset(rawValue: 1_000)
            default: break
            }
        }
        let epoch = Int.random(in: 0..<8, using: &random) == 0 ? "another" : "memory"
        let request = ResumeRequest(epoch: epoch, cursors: cursors)
        add(fixture.connect(socket.user, to: Int.random(in: 0..<2, using: &random), resuming: request))
    }

    private func add(_ socket: RememberingSocket) {
        socket.backlog = { [weak self] in
            guard let self, !isSettled else { return false }
            return Int.random(in: 0..<8, using: &random) == 0
        }
        sockets.append(socket)
    }

    private func createChat() async throws {
        let chosen = Array(users.shuffled(using: &random).prefix(3))
        let made = try await fixture.createChat(chosen[0], with: Array(chosen.dropFirst()))
        members[made.chat] = Set(chosen)
        happened(made)
    }

    private func removeMember() async throws {
        guard let (chat, present) = chat() else { return }
        for user in present.shuffled(using: &random) {
            // Everybody but the last owner may leave.
            guard let removal = try await fixture.commit(chat, user, .removeParticipant(user)) else { continue }
            members[chat]?.remove(user)
            return happened(removal)
        }
    }

    private func addMember() async throws {
        guard let (chat, present) = chat(), let user = Set(users).subtracting(present).sorted().first else { return }
        let addition = ParticipantAddition(user: user, role: .member, memberLimit: 10)
        for actor in present {
            // Only the owner may.
            guard let added = try await fixture.commit(chat, actor, .addParticipant(addition)) else { continue }
            members[chat]?.insert(user)
            return happened(added)
        }
    }

    private func say() async throws {
        guard let (chat, present) = chat(), let user = present.randomElement(using: &random) else { return }
        happened(try await fixture.say(chat, user))
    }

    private func chat() -> (ChatID, [UserID])? {
        members.sorted { $0.key < $1.key }.randomElement(using: &random).map { ($0.key, $0.value.sorted()) }
    }

    private func happened(_ committed: Committed) {
        let (chat, offset) = (committed.chat, committed.announcement.offset.rawValue)
        lasts[chat] = offset
        for user in committed.announcement.added { additions[chat, default: [:]][user, default: []].insert(offset) }
        for user in committed.announcement.removed { removals[chat, default: [:]][user, default: []].insert(offset) }
        uncovered.append(committed)
        for hub in inboxes.indices {
            let isLost = Int.random(in: 0..<6, using: &random) == 0
            let copies = isLost ? 0 : Int.random(in: 1...2, using: &random)
            for _ in 0..<copies { inboxes[hub].append(committed.announcement) }
        }
    }

    /// A hub hears something, mostly what is old.
    private func hear() {
        let hub = Int.random(in: 0..<2, using: &random)
        let reach = min(inboxes[hub].count, 6)
        guard reach > 0 else { return }
        let heard = inboxes[hub].remove(at: Int.random(in: 0..<reach, using: &random))
        fixture.hubs[hub].receive([heard])
    }

    private func forgetRedo() async throws {
        guard !uncovered.isEmpty else { return }
        let index = Int.random(in: 0..<min(uncovered.count, 3), using: &random)
        try await fixture.finish([uncovered.remove(at: index)])
    }

    private func settle() async throws {
        try await fixture.finish(uncovered)
        for (hub, inbox) in zip(fixture.hubs, inboxes) {
            for announcement in inbox.shuffled(using: &random) { hub.receive([announcement]) }
        }
        isSettled = true
        let sockets = sockets
        _ = await fixture.becomes { sockets.allSatisfy { !$0.isOpen || $0.subscription.isLive } }
        for hub in fixture.hubs { hub.connectionRestored() }
    }

    // MARK: Judging

    private func complaint(of socket: RememberingSocket) -> String? {
        if socket.isOpen, socket.request != nil, socket.resumed == nil { return "\(socket.user) waits for resumed" }
        for chat in Set(lasts.keys).union(socket.events.keys).sorted() {
            let events = socket.events[chat] ?? []
            let isMember = members[chat]?.contains(socket.user) == true
            guard let head = socket.starts?[chat] ?? events.first.map({ $0 - 1 }) else {
                if socket.isOpen, isMember { return "\(socket.user) did not hear of \(chat)" }
                continue
            }
            let additions = additions[chat]?[socket.user] ?? []
            guard socket.starts?[chat] != nil || additions.contains(head + 1) else {
                return "\(socket.user) began in \(chat) at \(head + 1), added at \(additions.sorted())"
            }
            let start = max(head, socket.joined[chat].map { $0 - 1 } ?? head)
            let due = due(to: socket.user, in: chat, after: start)
            guard due.starts(with: events), !socket.isOpen || events.count == due.count else {
                return "\(socket.user) in \(chat) from \(start): \(events), due \(due)"
            }
        }
        return nil
    }

    /// What somebody gets who has seen a chat up to an offset: all of it, without what happens between memberships.
    private func due(to user: UserID, in chat: ChatID, after head: Int64) -> [Int64] {
        var isIn = true
        var due: [Int64] = []
        for offset in stride(from: head + 1, through: lasts[chat] ?? 0, by: 1) {
            if additions[chat]?[user]?.contains(offset) == true { isIn = true }
            if isIn { due.append(offset) }
            if removals[chat]?[user]?.contains(offset) == true { isIn = false }
        }
        return due
    }
}

/// Carries the outcome out of the loop.
private final class Complaint: @unchecked Sendable {
    // Written on the loop, and read once the loop has ended.
    var text: String?
}
