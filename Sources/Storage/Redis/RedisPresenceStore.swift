package import Domain
package import IOCore
package import Redis

/// Presence in Redis, which loses nothing that the next reports do not bring back.
///
/// Loop-bound, like its client; one for each loop, with a voice of its own.
package final class RedisPresenceStore: PresenceStore {
    private let client: RedisClient
    private let loop: EventLoop
    private let prefix: String
    private let metrics: StoreMetrics
    /// Names what this loop says among what others do.
    private let voice = UniversalID.random().description
    /// Where the changes begin that are to be read next, by bucket, in milliseconds by the clock of Redis.
    private var nextChanges: [Int64: Int64] = [:]
    /// Buckets whose changes could not be read last.
    private var awayBuckets: Set<Int64> = []

    private static let bucketCount: Int64 = 16
    /// Most users of one script: others wait while it runs.
    private static let usersAtOnce = 50
    /// The least time between two news of a user.
    private static let pause = Duration.seconds(1)
    /// How old changes are when they are read: whoever was to hear of them has.
    private static let hearing = Duration.seconds(2)
    /// What is read again of a bucket that was away: a replica may go by another clock.
    private static let clockDifference = Duration.seconds(10)
    private static let changesAtOnce = 500

    /// Keeps presence under `<prefix>:presence:`.
    package init(client: RedisClient, loop: EventLoop, prefix: String, metrics: StoreMetrics) {
        self.client = client
        self.loop = loop
        self.prefix = prefix
        self.metrics = metrics
    }

    // MARK: Saying

    package func report(_ reports: [PresenceReport]) async -> PresenceAnswer {
        var groups: [Group] = []
        for (bucket, reports) in Dictionary(grouping: reports, by: { Self.bucket(of: $0.user) }) {
            for start in stride(from: 0, to: reports.count, by: Self.usersAtOnce) {
                let part = reports[start..<min(start + Self.usersAtOnce, reports.count)]
                groups.append(Group(bucket: bucket, users: part.map(Asked.init)))
            }
        }
        return await states(of: groups)
    }

    package func settle() async -> PresenceAnswer {
        let due = await together(Array(0..<Self.bucketCount)) { store, bucket throws(RedisError) in
            let limit = Array("\(Self.usersAtOnce)".utf8)
            let reply = try await store.client.evaluate(
                PresenceScripts.due,
                keys: [store.key(bucket, "due")],
                arguments: [limit]
            )
            return Group(
                bucket: bucket,
                users: try reply.decodeList().map { user throws(RedisError) in Asked(user: try user.decodeUser()) }
            )
        }
        var answer = await states(of: due.values.filter { !$0.users.isEmpty })
        answer.failure = answer.failure ?? due.failure
        return answer
    }

    private func states(of groups: [Group]) async -> PresenceAnswer {
        let answers = await together(groups) { store, group throws(RedisError) in
            let keys =
                ["due", "told", "changes"].map { store.key(group.bucket, $0) }
                + group.users.map { store.key(group.bucket, "\($0.user)") }
            let arguments =
                [store.voice, "\(Self.pause.milliseconds)"]
                + group.users.flatMap { ["\($0.user)", $0.letter, "\($0.lifetime.milliseconds)"] }
            let reply = try await store.client.evaluate(
                PresenceScripts.report,
                keys: keys,
                arguments: arguments.map { Array($0.utf8) }
            )
            return try reply.decodeList().map { element throws(RedisError) in try element.decodeState() }
        }
        return PresenceAnswer(
            states: answers.values.flatMap { $0 },
            unanswered: Set(answers.unanswered.flatMap(\.users).map(\.user)),
            failure: answers.failure
        )
    }

    // MARK: Looking

    package func changes() async -> PresenceAnswer {
        let read = await together(Array(0..<Self.bucketCount)) { store, bucket throws(RedisError) in
            let next = store.nextChanges[bucket].map { "\($0)" } ?? ""
            let arguments = [next, "\(Self.hearing.milliseconds)", "\(Self.changesAtOnce)"]
            let reply = try await store.client.evaluate(
                PresenceScripts.changes,
                keys: [store.key(bucket, "changes")],
                arguments: arguments.map { Array($0.utf8) }
            )
            let parts = try reply.decodeList()
            guard parts.count == 2 else { throw RedisError(.decoding, "expected a time and changes") }
            // What another version wrote, or nobody of ours, must not keep what follows it from being read.
            let states = try parts[1].decodeList().compactMap { try? $0.decodeState() }
            return (bucket: bucket, next: try parts[0].decodeNumber(), states: states)
        }
        for part in read.values {
            nextChanges[part.bucket] = part.next
            awayBuckets.remove(part.bucket)
        }
        for bucket in read.unanswered where awayBuckets.insert(bucket).inserted {
            nextChanges[bucket]? -= Self.clockDifference.milliseconds
        }
        return PresenceAnswer(states: read.values.flatMap(\.states), failure: read.failure)
    }

    package func told(of users: [UserID]) async throws -> [UserID: PresenceStatus] {
        let groups = Dictionary(grouping: users, by: Self.bucket(of:)).map { ($0.key, $0.value) }
        let pairs = await together(groups) { store, group throws(RedisError) in
            let (bucket, users) = group
            let key = store.key(bucket, "told")
            let arguments = ["HMGET", key] + users.map(\.description)
            let command = RedisCommands.Raw(arguments.map { Array($0.utf8) }, key: key)
            let values = try await store.client.send(command).decodeList()
            var told: [(UserID, PresenceStatus)] = []
            for (user, value) in zip(users, values) {
                guard let letter = try value.decodeOptionalBytes()?.first else { continue }
                let status = try PresenceStatus(letter: letter).asSeen
                if status != .offline { told.append((user, status)) }
            }
            return told
        }
        if let failure = pairs.failure { throw failure }
        return Dictionary(pairs.values.flatMap { $0 }, uniquingKeysWith: { $1 })
    }

    // MARK: Steps

    /// A user to be looked at, and what is to be said of them.
    private struct Asked: Sendable {
        let user: UserID
        var letter = ""
        var lifetime = Duration.zero

        init(user: UserID) { self.user = user }

        init(_ report: PresenceReport) {
            user = report.user
            letter = report.status.letter
            lifetime = report.lifetime
        }
    }

    private struct Group: Sendable {
        let bucket: Int64
        let users: [Asked]
    }

    /// What elements were answered, and which were not: a master of a cluster may be away while others answer.
    private struct Answers<Element: Sendable, Value: Sendable> {
        var values: [Value] = []
        var unanswered: [Element] = []
        var failure: StoreError?
    }

    /// Does something with all elements at once, so that all commands go out in one write.
    private func together<Element: Sendable, Value: Sendable>(
        _ elements: [Element],
        _ body: @escaping @Sendable (RedisPresenceStore, Element) async throws(RedisError) -> Value
    ) async -> Answers<Element, Value> {
        var answers = Answers<Element, Value>()
        guard !elements.isEmpty else { return answers }
        do {
            try await metrics.redis("presence") { () throws(RedisError) in
                var failure: RedisError?
                for (element, result) in await results(of: elements, body) {
                    switch result {
                    case .success(let value): answers.values.append(value)
                    case .failure(let error):
                        answers.unanswered.append(element)
                        failure = error
                    }
                }
                if let failure { throw failure }
            }
        } catch {
            answers.failure = error
        }
        return answers
    }

    private func results<Element: Sendable, Value: Sendable>(
        of elements: [Element],
        _ body: @escaping @Sendable (RedisPresenceStore, Element) async throws(RedisError) -> Value
    ) async -> [(Element, Result<Value, RedisError>)] {
        let bound = LoopBound(self, loop: loop)
        return await withTaskGroup(of: (Element, Result<Value, RedisError>).self) { [loop] group in
            for element in elements {
                group.addTask(executorPreference: loop) {
                    await loop.actor.run { _ in
                        do throws(RedisError) {
                            return (element, .success(try await body(bound.value, element)))
                        } catch {
                            return (element, .failure(error))
                        }
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private static func bucket(of user: UserID) -> Int64 { user.rawValue % bucketCount }

    private func key(_ bucket: Int64, _ name: String) -> String { "\(prefix):presence:{\(bucket)}:\(name)" }
}

extension Duration {
    fileprivate var milliseconds: Int64 { Int64(seconds * 1_000) }
}
