internal import Audit
internal import Domain
internal import Mongo
internal import Postgres

/// Mends what Postgres knows of a chat: counters, participants, pins, and metadata that its events bear out.
enum ChatRepair {
    /// What mends a chat that is locked, folded up to this moment.
    ///
    /// Last numbers only ever rise: one that was given out, and perhaps acknowledged, is never given out again.
    static func plan(_ fold: ChatFold, _ facts: ChatFacts) -> RepairPlan {
        var plan = RepairPlan()
        let kinds = fold.differences(facts)
        var count = facts.members.count
        if kinds.contains(.membershipDrift) {
            plan.append(members(fold))
            count = fold.members.count
        }
        if kinds.contains(.pinDrift) { plan.append(pins(fold)) }
        if kinds.contains(.counterDrift) || count != facts.participantCount {
            plan.statements.append(
                """
                UPDATE chats SET last_seq = greatest(last_seq, \(fold.lastSequence.rawValue)),
                    last_offset = greatest(last_offset, \(fold.lastOffset.rawValue)),
                    participant_count = \(Int32(clamping: count))
                WHERE id = \(fold.chat.rawValue)
                """
            )
            plan.actions.append("corrected the counters of a chat")
        }
        if !fold.missingTail(facts).isEmpty {
            plan.refusals.append("events are missing at the end; they are never made up")
        }
        return plan
    }

    private static func members(_ fold: ChatFold) -> RepairPlan {
        let members = fold.members.sorted { $0.key < $1.key }
        let users = members.map(\.key.rawValue)
        var plan = RepairPlan()
        plan.statements = [
            "DELETE FROM participants WHERE chat_id = \(fold.chat.rawValue) AND NOT user_id = ANY (\(users))",
            """
            INSERT INTO participants (chat_id, user_id, role, joined_at, joined_offset, read_seq)
            SELECT \(fold.chat.rawValue), m.user_id, m.role, m.at, m.joined, \(fold.lastSequence.rawValue)
            FROM unnest(\(users), \(members.map(\.value.role.rawValue)), \(members.map(\.value.joined.rawValue)),
                        \(members.map { PostgresTimestamp(fold.joinedAt[$0.key] ?? Timestamp(milliseconds: 0)) }))
                AS m(user_id, role, joined, at)
            ON CONFLICT (chat_id, user_id) DO UPDATE SET role = EXCLUDED.role, joined_offset = EXCLUDED.joined_offset
            """,
        ]
        plan.actions = ["corrected participants after the membership events"]
        return plan
    }

    private static func pins(_ fold: ChatFold) -> RepairPlan {
        let pins = fold.pins.sorted { $0.key < $1.key }
        let sequences = pins.map(\.key.rawValue)
        var plan = RepairPlan()
        plan.statements = [
            "DELETE FROM pins WHERE chat_id = \(fold.chat.rawValue) AND NOT seq = ANY (\(sequences))",
            """
            INSERT INTO pins (chat_id, seq, pinned_by, pinned_at, "offset")
            SELECT \(fold.chat.rawValue), p.*
            FROM unnest(\(sequences), \(pins.map(\.value.user.rawValue)), \(pins.map { PostgresTimestamp($0.value.at) }),
                        \(pins.map(\.value.offset.rawValue))) AS p(seq, pinned_by, pinned_at, "offset")
            ON CONFLICT (chat_id, seq) DO UPDATE
            SET pinned_by = EXCLUDED.pinned_by, pinned_at = EXCLUDED.pinned_at, "offset" = EXCLUDED."offset"
            """,
        ]
        plan.actions = ["corrected pins after the pin events"]
        return plan
    }

    /// Makes the metadata of a message anew from its event and its body.
    ///
    /// What an edit or deletion did to it is put right by the comparison of the messages, which comes later. Where the body
    /// is gone, a kept copy tells what it was; only a message without either becomes a purged tombstone. A body that is there
    /// and does not read may be all that is left of what was said: it stays, and so does the gap.
    static func metadata(of message: MessageID, _ context: RepairContext) async throws -> RepairPlan {
        let located = try await MessageAudit.found(.keys([message]), context.mongo, within: AuditMongo.lockedDeadline)
            .located.first
        if case .unreadable? = located?.found {
            return .refuse("the metadata is gone, and the body that would tell it does not read")
        }
        var action = "restored metadata from its event and body"
        var image: MessageImage?
        if case .image(let found)? = located?.found { image = found }
        if image == nil {
            image = try await MessageAudit.keptImages(of: message, context).first
            action =
                image == nil ? "content lost: left a tombstone" : "restored metadata from its event and a kept copy"
        }
        let lost = image == nil ? PostgresTimestamp(context.now) : nil
        let select: PostgresQuery = """
            SELECT e."offset", e.actor_id, e.at FROM chat_events e
            WHERE e.chat_id = \(message.chat.rawValue) AND e.kind = 2 AND e.seq = \(message.sequence.rawValue)
              AND NOT EXISTS (SELECT FROM message_metadata m WHERE m.chat_id = e.chat_id AND m.seq = e.seq)
            LIMIT 1
            """
        guard let row = try await context.ask(select).first else { return .none }
        let offset: Int64 = try row.decode(0)
        let sender: Int64 = try row.decode(1)
        let at: PostgresTimestamp = try row.decode(2)
        var plan = RepairPlan()
        plan.statements = [
            """
            INSERT INTO message_metadata (chat_id, seq, sender_id, type, "offset", rev, thread_root, reply_to, created_at,
                                          deleted_at, purged_at)
            VALUES (\(message.chat.rawValue), \(message.sequence.rawValue), \(sender),
                    \(image?.type.rawValue ?? MessageType.text.rawValue), \(offset), \(offset),
                    \(image?.threadRoot?.rawValue), \(image?.replyTo?.rawValue), \(at), \(lost), \(lost))
            """
        ]
        plan.actions = [action]
        return plan
    }
}
