import Domain
import IOCore
import Redis
import Storage
import Support
import Testing

/// Presence in a real Redis, as two loops see it.
@Suite(.realTime) struct PresenceStoreTests {
    private static let lifetime = Duration.seconds(60)

    private static func say(
        _ status: PresenceStatus,
        _ user: Int64,
        for lifetime: Duration = lifetime
    ) -> PresenceReport {
        PresenceReport(user: UserID(rawValue: user), status: status, lifetime: lifetime)
    }

    /// Two voices over a Redis of their own.
    private static func run(
        _ body: @escaping @Sendable (PresenceStoreTests.Voices) async throws -> Void
    ) async throws {
        try await StorageFixture.run { fixture, stores in
            let first = LoopBound(stores.presence, loop: fixture.loop)
            try await StorageFixture.runNode(besides: fixture) { node, others in
                try await body(Voices(first: first, second: LoopBound(others.presence, loop: node.loop)))
            }
        }
    }

    struct Voices: Sendable {
        let first: LoopBound<any PresenceStore>
        let second: LoopBound<any PresenceStore>

        func say(_ reports: PresenceReport..., second isSecond: Bool = false) async throws -> [PresenceState] {
            let voice = isSecond ? second : first
            return try await Self.states(voice.loop.run { _ in await voice.value.report(reports) })
        }

        func settle() async throws -> [PresenceState] {
            try await Self.states(first.loop.run { _ in await first.value.settle() })
        }

        /// The changes that were news to anybody since this was asked last.
        func changes() async throws -> [PresenceState] {
            try await Self.states(second.loop.run { _ in await second.value.changes() })
        }

        private static func states(_ answer: PresenceAnswer) throws -> [PresenceState] {
            if let failure = answer.failure { throw failure }
            return answer.states
        }

        /// The first news of one of these users that settling brings.
        func news(of users: Int64...) async throws -> PresenceState {
            var news: [PresenceState] = []
            try await eventually("there is news") {
                news = try await settle().filter { $0.isNews && users.contains($0.user.rawValue) }
                return !news.isEmpty
            }
            return news[0]
        }

        /// What came of calls that took less than the second in which news waits, for users of their own.
        ///
        /// A machine too busy for that shows nothing, and tries again.
        func atOnce<Value>(_ body: (Int64) async throws -> Value) async throws -> (user: Int64, value: Value) {
            for attempt in 1...100 {
                let user = Int64(attempt * 10)
                let start = ContinuousClock.now
                let value = try await body(user)
                if ContinuousClock.now - start < .milliseconds(800) { return (user, value) }
            }
            throw StorageFixture.SetUpFailure()
        }

        func told(_ users: Int64...) async throws -> [Int64: PresenceStatus] {
            let told = try await first.loop.run { _ in
                try await first.value.told(of: users.map(UserID.init(rawValue:)))
            }
            return Dictionary(uniqueKeysWithValues: told.map { ($0.key.rawValue, $0.value) })
        }
    }

    @Test func `devices of two nodes add up, and a change is news to exactly one`() async throws {
        try await Self.run { voices in
            let (user, (first, same, early)) = try await voices.atOnce { user in
                (
                    try await voices.say(Self.say(.away, user)),
                    try await voices.say(Self.say(.away, user), second: true),
                    try await voices.say(Self.say(.doNotDisturb, user), second: true)
                )
            }
            #expect(first.map(\.isNews) == [true] && first[0].before == .offline && first[0].status == .away)
            #expect(same.map(\.isNews) == [false])
            // Within a second of the last news it waits, and then is news once.
            #expect(early.map(\.isNews) == [false] && early[0].status == .doNotDisturb)
            let news = try await voices.news(of: user)
            #expect(news.before == .away && news.status == .doNotDisturb)
            #expect(try await voices.told(user, 2) == [user: .doNotDisturb])
        }
    }

    @Test func `of changes within a second the last is told, and a change back is none`() async throws {
        try await Self.run { voices in
            let (user, said) = try await voices.atOnce { user in
                var said: [PresenceState] = []
                _ = try await voices.say(Self.say(.online, user), Self.say(.online, user + 1))
                for status in [PresenceStatus.away, .doNotDisturb, .online] {
                    said += try await voices.say(Self.say(status, user))
                }
                for status in [PresenceStatus.doNotDisturb, .away] {
                    said += try await voices.say(Self.say(status, user + 1))
                }
                return said
            }
            #expect(said.map(\.isNews) == [false, false, false, false, false])
            let news = try await voices.news(of: user, user + 1)
            #expect(news.user.rawValue == user + 1 && news.before == .online && news.status == .away)
        }
    }

    @Test func `what is not repeated ends, and whoever looks tells it with the time of the last word`() async throws {
        try await Self.run { voices in
            let (user, said) = try await voices.atOnce { user in
                let said = try await voices.say(Self.say(.online, user, for: .milliseconds(1_500)))
                _ = try await voices.say(Self.say(.away, user), second: true)
                return said
            }
            let weaker = try await voices.news(of: user)
            #expect(weaker.before == .online && weaker.status == .away, "the other node still says so")
            let last = try await voices.say(Self.say(.away, user, for: .milliseconds(1_100)), second: true)
            let gone = try await voices.news(of: user)
            #expect(gone.before == .away && gone.status == .offline)
            #expect(gone.lastSeen == last[0].lastSeen && gone.lastSeen > said[0].lastSeen)
            #expect(try await voices.told(user).isEmpty)
        }
    }

    @Test func `the invisible are told of to nobody`() async throws {
        try await Self.run { voices in
            let hidden = try await voices.say(Self.say(.invisible, 1))
            #expect(hidden[0].isNews && hidden[0].status == .invisible && hidden[0].status.asSeen == .offline)
            #expect(try await voices.say(Self.say(.online, 1), second: true)[0].status == .invisible)
            #expect(try await voices.told(1).isEmpty)
        }
    }

    @Test func `many users are reported and told of in one go`() async throws {
        try await Self.run { voices in
            let users = (1...2_000).map { Int64($0) }
            let states = try await voices.first.loop.run { _ in
                await voices.first.value.report(users.map { Self.say(.online, $0) }).states
            }
            #expect(states.count == 2_000 && states.allSatisfy(\.isNews))
            let told = try await voices.first.loop.run { _ in
                try await voices.first.value.told(of: users.map(UserID.init(rawValue:)))
            }
            #expect(told.count == 2_000)
        }
    }

    @Test func `changes are read by everybody, in order, none from before the first look`() async throws {
        try await Self.run { voices in
            let early = try await voices.say(Self.say(.online, 1))
            #expect(try await voices.changes().isEmpty)
            // All of one bucket, and more than are read at once.
            let users = (1...1_200).map { Int64($0 * 16 + 1) }
            let news = try await voices.first.loop.run { _ in
                await voices.first.value.report(users.map { Self.say(.online, $0) }).states
            }
            // News at once where a second has passed.
            var later = try await voices.say(Self.say(.doNotDisturb, 1)).first { $0.isNews }
            var read: [PresenceState] = []
            try await eventually("all changes are read") {
                later = try await voices.settle().first { $0.isNews } ?? later
                for change in try await voices.changes() where !read.contains(change) { read.append(change) }
                return read.contains { $0.status == .doNotDisturb }
            }
            // Who looked first a moment ago may read what was told just before.
            let told = read.filter { !early.contains($0) }
            #expect(told.count == news.count + 1)
            let byUser = Dictionary(uniqueKeysWithValues: told.map { ($0.user, $0) })
            #expect(news.allSatisfy { byUser[$0.user] == $0 })
            #expect(byUser[UserID(rawValue: 1)] == later && later?.before == .online)
            #expect(try await voices.changes().isEmpty)
        }
    }

    /// One over the client of a fixture.
    private static func store(of fixture: RedisFixture) async -> LoopBound<any PresenceStore> {
        await fixture.withClient { client in
            LoopBound<any PresenceStore>(
                RedisPresenceStore(
                    client: client,
                    loop: fixture.loop,
                    prefix: fixture.prefix,
                    metrics: StoreMetrics(registry: MetricsRegistry())
                ),
                loop: fixture.loop
            )
        }
    }

    @Test func `a change that cannot be read keeps nobody from those after it`() async throws {
        try await RedisFixture.run { fixture in
            let store = await Self.store(of: fixture)
            _ = try await fixture.loop.run { _ in await store.value.changes() }
            for state in ["17 f x 1 0 0", "nothing of ours"] {
                let key = "\(fixture.prefix):presence:{1}:changes"
                try await fixture.send(RedisCommands.Raw("XADD", key, "*", "state", state))
            }
            let news = try await fixture.loop.run { _ in await store.value.report([Self.say(.online, 17)]) }
            #expect(news.states.map(\.isNews) == [true])
            var read: [PresenceState] = []
            try await eventually("the change is read") {
                let answer = try await fixture.loop.run { _ in await store.value.changes() }
                #expect(answer.failure == nil)
                read += answer.states
                return !read.isEmpty
            }
            #expect(read == news.states)
        }
    }

    @Test func `changes of more than a minute ago are dropped`() async throws {
        try await RedisFixture.run { fixture in
            let store = await Self.store(of: fixture)
            let key = "\(fixture.prefix):presence:{1}:changes"
            for time in 1...300 {
                try await fixture.send(RedisCommands.Raw("XADD", key, "\(time)-0", "state", "long ago"))
            }
            _ = try await fixture.loop.run { _ in await store.value.report([Self.say(.online, 17)]) }
            // Redis drops a hundred at once, or none.
            let left = try await fixture.send(RedisCommands.Raw("XLEN", key)).decodeInteger()
            #expect((1...101).contains(left))
        }
    }

    @Test func `a later change is named later, by a clock that has gone back too`() async throws {
        try await RedisFixture.run { fixture in
            let store = await Self.store(of: fixture)
            func name(_ user: Int64) async throws -> Int64 {
                let answer = try await fixture.loop.run { _ in await store.value.report([Self.say(.online, user)]) }
                return try #require(answer.states.first { $0.isNews }).toldAt.milliseconds
            }
            let first = try await name(1)
            // What a master may have said whose clock was an hour ahead.
            let ahead = first + 3_600_000
            let key = "\(fixture.prefix):presence:{1}:changes"
            let state = "17 f o 1 \(ahead) \(ahead)"
            try await fixture.send(RedisCommands.Raw("XADD", key, "\(ahead)-0", "state", state))
            #expect(try await name(33) == ahead + 1)
            #expect(try await name(49) == ahead + 2)
        }
    }

    @Test func `the answers of some masters hold while another is away, and changes are read once it is replaced`()
        async throws
    {
        let cluster = try await PrivateRedisCluster()
        try await RedisFixture.run(url: cluster.url) { fixture in
            let store = await Self.store(of: fixture)
            func report(_ status: PresenceStatus) async throws -> PresenceAnswer {
                try await fixture.loop.run { _ in await store.value.report((1...16).map { Self.say(status, $0) }) }
            }
            let all = try await report(.online)
            #expect(all.states.count == 16 && all.unanswered.isEmpty && all.failure == nil)
            _ = try await fixture.loop.run { _ in await store.value.changes() }
            cluster.kill(0)
            var news: Set<UserID> = []
            try await eventually("all changes are news to somebody") {
                let answer = try await report(.doNotDisturb)
                let answered = Set(answer.states.map(\.user))
                #expect(answered.isDisjoint(with: answer.unanswered))
                #expect(answered.count + answer.unanswered.count == 16)
                #expect(answer.unanswered.isEmpty == (answer.failure == nil))
                news.formUnion(answer.states.filter(\.isNews).map(\.user))
                try await Task.sleep(for: .milliseconds(50))
                return news.count == 16
            }
            var read: Set<UserID> = []
            try await eventually("all changes are read") {
                let answer = try await fixture.loop.run { _ in await store.value.changes() }
                read.formUnion(answer.states.filter { $0.status == .doNotDisturb }.map(\.user))
                return read.count == 16
            }
        }
    }
}
