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

    private static let bucketCount: Int64 = 16
    /// Most users of one script: others wait while it runs.
    private static let usersAtOnce = 50
    /// The least time between two news of a user.
    private static let pause = Duration.seconds(1)

    /// Keeps presence under `<prefix>:presence:`.
    package init(client: RedisClient, loop: EventLoop, prefix: String, metrics: StoreMetrics) {
        self.client = client
        self.loop = loop
        self.prefix = prefix
        self.metrics = metrics
    }

    // MARK: Saying

    package func report(_ reports: [PresenceReport]) async throws -> [PresenceState] {
        var groups: [Group] = []
        for (bucket, reports) in Dictionary(grouping: reports, by: { Self.bucket(of: $0.user) }) {
            for start in stride(from: 0, to: reports.count, by: Self.usersAtOnce) {
                let part = reports[start..<min(start + Self.usersAtOnce, reports.count)]
                groups.append(Group(bucket: bucket, users: part.map(Asked.init)))
            }
        }
        return try await states(of: groups)
    }

    package func settle() async throws -> [PresenceState] {
        let due = try await together(Array(0..<Self.bucketCount)) { store, bucket throws(RedisError) in
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
        return try await states(of: due.filter { !$0.users.isEmpty })
    }

    private func states(of groups: [Group]) async throws -> [PresenceState] {
        try await together(groups) { store, group throws(RedisError) in
            let keys =
                [store.key(group.bucket, "due"), store.key(group.bucket, "told")]
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
        }.flatMap { $0 }
    }

    // MARK: Looking

    package func told(of users: [UserID]) async throws -> [UserID: PresenceStatus] {
        let groups = Dictionary(grouping: users, by: Self.bucket(of:)).map { ($0.key, $0.value) }
        let pairs = try await together(groups) { store, group throws(RedisError) in
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
        return Dictionary(pairs.flatMap { $0 }, uniquingKeysWith: { $1 })
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

    /// Does something with all elements at once, so that all commands go out in one write.
    private func together<Element: Sendable, Value: Sendable>(
        _ elements: [Element],
        _ body: @escaping @Sendable (RedisPresenceStore, Element) async throws(RedisError) -> Value
    ) async throws(StoreError) -> [Value] {
        guard !elements.isEmpty else { return [] }
        let bound = LoopBound(self, loop: loop)
        return try await metrics.redis("presence") { () throws(RedisError) in
            let results = await withTaskGroup(of: Result<Value, RedisError>.self) { [loop] group in
                for element in elements {
                    group.addTask(executorPreference: loop) {
                        await loop.actor.run { _ in
                            do throws(RedisError) {
                                return .success(try await body(bound.value, element))
                            } catch {
                                return .failure(error)
                            }
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            var values: [Value] = []
            for result in results { values.append(try result.get()) }
            return values
        }
    }

    private static func bucket(of user: UserID) -> Int64 { user.rawValue % bucketCount }

    private func key(_ bucket: Int64, _ name: String) -> String { "\(prefix):presence:{\(bucket)}:\(name)" }
}

extension Duration {
    fileprivate var milliseconds: Int64 { Int64(seconds * 1_000) }
}

extension PresenceStatus {
    fileprivate var letter: String {
        switch self {
        case .offline: "f"
        case .away: "a"
        case .online: "o"
        case .doNotDisturb: "d"
        case .invisible: "i"
        }
    }

    fileprivate init(letter: UInt8) throws(RedisError) {
        switch letter {
        case UInt8(ascii: "f"): self = .offline
        case UInt8(ascii: "a"): self = .away
        case UInt8(ascii: "o"): self = .online
        case UInt8(ascii: "d"): self = .doNotDisturb
        case UInt8(ascii: "i"): self = .invisible
        default: throw RedisError(.decoding, "a status that this version does not have")
        }
    }
}

extension RedisReply {
    fileprivate func decodeList() throws(RedisError) -> [RedisReply] {
        guard case .array(let elements) = self else { throw mismatch(expected: "an array") }
        return elements
    }

    fileprivate func decodeText() throws(RedisError) -> String {
        guard let bytes = try decodeOptionalBytes() else { throw mismatch(expected: "a string") }
        return String(decoding: bytes, as: UTF8.self)
    }

    fileprivate func decodeNumber() throws(RedisError) -> Int64 {
        guard let number = Int64(try decodeText()) else { throw RedisError(.decoding, "expected a number") }
        return number
    }

    fileprivate func decodeUser() throws(RedisError) -> UserID { UserID(rawValue: try decodeNumber()) }

    fileprivate func decodeStatus() throws(RedisError) -> PresenceStatus {
        guard let letter = try decodeText().utf8.first else { throw RedisError(.decoding, "expected a letter") }
        return try PresenceStatus(letter: letter)
    }

    fileprivate func decodeState() throws(RedisError) -> PresenceState {
        let parts = try decodeList()
        guard parts.count == 5 else { throw RedisError(.decoding, "expected five parts") }
        return PresenceState(
            user: try parts[0].decodeUser(),
            before: try parts[1].decodeStatus(),
            status: try parts[2].decodeStatus(),
            isNews: try parts[3].decodeInteger() == 1,
            lastSeen: Timestamp(milliseconds: try parts[4].decodeNumber())
        )
    }
}
