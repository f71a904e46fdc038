internal import Audit
internal import Domain
internal import Postgres

/// Chats: the events of each, folded, against its row, participants and pins.
enum ChatAudit {
    /// The next events of a range of chats, ascending.
    static func events(
        after cursor: (chat: Int64, offset: Int64),
        upTo last: Int64,
        limit: Int,
        _ ask: Ask
    ) async throws -> [(chat: ChatID, event: FoldedEvent)] {
        let query: PostgresQuery = """
            SELECT e.chat_id, e."offset", e.kind, e.actor_id, coalesce(e.seq, e.target_seq), e.target_user, e.at,
                   CASE WHEN e.kind = 1 THEN e.data ->> 'type' WHEN e.kind IN (4, 5) THEN e.data #>> '{participant,role}' END,
                   CASE WHEN e.kind = 1 THEN
                       ARRAY(SELECT m.value::bigint FROM jsonb_array_elements_text(e.data -> 'participants') m) END,
                   metadata.found IS NOT NULL
            FROM chat_events e
            LEFT JOIN LATERAL (
                SELECT true AS found FROM message_metadata m
                WHERE e.kind = 2 AND m.chat_id = e.chat_id AND m.seq = e.seq LIMIT 1
            ) metadata ON true
            WHERE (e.chat_id, e."offset") > (\(cursor.chat), \(cursor.offset)) AND e.chat_id <= \(last)
            ORDER BY e.chat_id, e."offset" LIMIT \(limit)
            """
        return try await ask(query.named("audit_events")).map { row in (try row.id(0), try event(row, 1)) }
    }

    /// Nine columns: offset, kind, actor, message, user, time, type or role, members, whether there is metadata.
    private static func event(_ row: PostgresRow, _ column: Int) throws(PostgresError) -> FoldedEvent {
        let kind = try row.kind(column + 1)
        let actor: UserID = try row.id(column + 2)
        let target: UserID? = try row.optionalID(column + 4)
        let word: String? = try row.decode(column + 6)
        var members: [FoldedEvent.Member] = []
        switch kind {
        case .chatCreated:
            for id in try row.decode(column + 7, as: [Int64]?.self) ?? [] {
                let user = UserID(rawValue: id)
                members.append(
                    .init(user: user, role: word == ChatType.group.rawValue && user == actor ? .owner : .member)
                )
            }
        case .participantAdded, .participantUpdated:
            if let target, let role = word.flatMap(Role.init(rawValue:)) { members = [.init(user: target, role: role)] }
        default: break
        }
        return FoldedEvent(
            offset: try row.id(column),
            kind: kind,
            actor: actor,
            sequence: try row.optionalID(column + 3),
            targetUser: target,
            members: members,
            hasMetadata: try row.decode(column + 8),
            at: try row.timestamp(column + 5)
        )
    }

    /// The rows of the chats in a range, all of one moment, and the folds brought to that moment.
    ///
    /// A chat without events gets an empty fold; a fold without a row nil facts.
    static func facts(
        _ folds: [ChatFold],
        after low: Int64,
        upTo high: Int64,
        _ ask: Ask
    ) async throws -> [(fold: ChatFold, facts: ChatFacts?)] {
        var folds = Dictionary(uniqueKeysWithValues: folds.map { ($0.chat, $0) })
        let chats = Array(folds.keys)
        let query: PostgresQuery = """
            SELECT c.id, c.last_seq, c.last_offset, c.participant_count, members.users, members.roles, members.offsets,
                   pinned.seqs, pinned.users, pinned.offsets, pinned.times,
                   tail."offset", tail.kind, tail.actor_id, tail.seq, tail.target_user, tail.at, tail.word, tail.members, true
            FROM chats c
            LEFT JOIN unnest(\(chats.map(\.rawValue)), \(chats.map { folds[$0]?.lastOffset.rawValue ?? 0 })) AS k(chat, "offset")
                   ON k.chat = c.id
            LEFT JOIN LATERAL (
                SELECT array_agg(p.user_id) AS users, array_agg(p.role) AS roles, array_agg(p.joined_offset) AS offsets
                FROM participants p WHERE p.chat_id = c.id
            ) members ON true
            LEFT JOIN LATERAL (
                SELECT array_agg(p.seq) AS seqs, array_agg(p.pinned_by) AS users, array_agg(p."offset") AS offsets,
                       array_agg(p.pinned_at) AS times
                FROM pins p WHERE p.chat_id = c.id
            ) pinned ON true
            LEFT JOIN LATERAL (
                SELECT e."offset", e.kind, e.actor_id, coalesce(e.seq, e.target_seq) AS seq, e.target_user, e.at,
                       CASE WHEN e.kind = 1 THEN e.data ->> 'type'
                            WHEN e.kind IN (4, 5) THEN e.data #>> '{participant,role}' END AS word,
                       CASE WHEN e.kind = 1 THEN
                           ARRAY(SELECT m.value::bigint FROM jsonb_array_elements_text(e.data -> 'participants') m) END AS members
                FROM chat_events e WHERE e.chat_id = c.id AND e."offset" > coalesce(k."offset", 0)
            ) tail ON true
            WHERE c.id > \(low) AND c.id <= \(high)
            ORDER BY c.id, tail."offset"
            """
        var facts: [ChatID: ChatFacts] = [:]
        for row in try await ask(query.named("audit_chats")) {
            let chat: ChatID = try row.id(0)
            if facts[chat] == nil { facts[chat] = try self.facts(row) }
            guard try row.decode(11, as: Int64?.self) != nil else { continue }
            folds[chat, default: ChatFold(chat)].takeTail(try event(row, 11))
        }
        for chat in facts.keys where folds[chat] == nil { folds[chat] = ChatFold(chat) }
        return folds.values.sorted { $0.chat < $1.chat }.map { ($0, facts[$0.chat]) }
    }

    private static func facts(_ row: PostgresRow) throws(PostgresError) -> ChatFacts {
        let users = try row.decode(4, as: [Int64]?.self) ?? []
        let roles = try row.decode(5, as: [String]?.self) ?? []
        let joined = try row.decode(6, as: [Int64]?.self) ?? []
        var members: [UserID: ChatFold.Membership] = [:]
        for index in users.indices {
            guard let role = Role(rawValue: roles[index]) else { throw PostgresError(.decoding, "an unknown role") }
            members[UserID(rawValue: users[index])] = .init(role: role, joined: Offset(rawValue: joined[index]))
        }
        let sequences = try row.decode(7, as: [Int64]?.self) ?? []
        let pinners = try row.decode(8, as: [Int64]?.self) ?? []
        let offsets = try row.decode(9, as: [Int64]?.self) ?? []
        let times = try row.decode(10, as: [PostgresTimestamp]?.self) ?? []
        var pins: [SequenceNumber: ChatFold.Pin] = [:]
        for index in sequences.indices {
            pins[SequenceNumber(rawValue: sequences[index])] = .init(
                user: UserID(rawValue: pinners[index]),
                offset: Offset(rawValue: offsets[index]),
                at: Timestamp(times[index])
            )
        }
        return ChatFacts(
            lastSequence: try row.id(1),
            lastOffset: try row.id(2),
            participantCount: try row.decode(3),
            members: members,
            pins: pins
        )
    }
}
