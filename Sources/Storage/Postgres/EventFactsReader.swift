internal import Domain
internal import JSON
internal import Postgres

/// Reads what the batch function found out for an announcement, as it stands in `chat_events.data`.
enum EventFactsReader {
    /// The facts of an event of this kind; nil for kinds that have none.
    static func facts(of kind: EventKind, _ data: PostgresJSON?) throws(PostgresError) -> EventFacts? {
        switch kind {
        case .participantAdded, .participantUpdated, .chatUpdated, .messageUpdated, .messageRestored: break
        default: return nil
        }
        guard let data else { throw PostgresError(.decoding, "an event of kind \(kind.rawValue) has no data") }
        do throws(JSONError) {
            var reader = try JSONObjectReader(parsing: data.bytes)
            switch kind {
            case .chatUpdated: return .chat(try chat(reader.requiredObject("chat")))
            case .participantAdded, .participantUpdated:
                let participant = try participant(reader.requiredObject("participant"))
                return .participant(participant, chat: try reader.optionalObject("chat").map(chat))
            default:
                return .message(
                    replyCount: Int(try reader.required("reply_count", as: Int64.self)),
                    lastReply: try reader.optional("last_reply_seq", as: Int64.self).map(
                        SequenceNumber.init(rawValue:)
                    ),
                    reactions: try reader.required("reactions", as: [JSONValue].self).map(reaction)
                )
            }
        } catch {
            throw PostgresError(.decoding, "an event's data is unreadable at \(error.path): \(error.message)")
        }
    }

    /// What was done, as far as the event tells it without a body; nil where that is in MongoDB.
    static func body(
        of kind: EventKind,
        actor: UserID,
        targetUser: UserID?,
        target: SequenceNumber?,
        data: PostgresJSON?,
        facts: EventFacts?
    ) throws(PostgresError) -> Operation.Body? {
        switch kind {
        case .messageCreated, .messageUpdated, .messageDeleted, .messageRestored: return nil
        case .chatCreated: return .createChat(try BatchColumns.draft(decoding: try present(data), founder: actor))
        case .participantRemoved: return .removeParticipant(try present(targetUser))
        case .participantAdded:
            let role = role(facts)
            return .addParticipant(
                ParticipantAddition(user: try present(targetUser), role: try present(role), memberLimit: 0)
            )
        case .participantUpdated: return .changeRole(try present(targetUser), to: try present(role(facts)))
        case .chatUpdated: return .changeChat(ChatChange())
        case .reactionAdded, .reactionRemoved:
            let emoji = try emoji(present(data))
            return .react(try present(target), emoji: emoji, isOn: kind == .reactionAdded)
        case .pinAdded, .pinRemoved: return .pin(try present(target), isOn: kind == .pinAdded)
        }
    }

    private static func present<Value>(_ value: Value?) throws(PostgresError) -> Value {
        guard let value else { throw PostgresError(.decoding, "an event lacks what its kind has") }
        return value
    }

    private static func role(_ facts: EventFacts?) -> Role? {
        guard case .participant(let participant, _)? = facts else { return nil }
        return participant.role
    }

    private static func emoji(_ data: PostgresJSON) throws(PostgresError) -> String {
        do throws(JSONError) {
            var reader = try JSONObjectReader(parsing: data.bytes)
            return try reader.required("emoji")
        } catch {
            throw PostgresError(.decoding, "an event's data is unreadable at \(error.path): \(error.message)")
        }
    }

    private static func participant(_ reader: JSONObjectReader) throws(JSONError) -> Participant {
        var reader = reader
        return Participant(
            user: UserID(rawValue: try reader.required("user_id")),
            username: try reader.required("username"),
            role: try word("role", &reader),
            joinedAt: Timestamp(milliseconds: try reader.required("joined_at"))
        )
    }

    private static func chat(_ reader: JSONObjectReader) throws(JSONError) -> Chat {
        var reader = reader
        return Chat(
            id: ChatID(rawValue: try reader.required("chat_id")),
            type: try word("type", &reader),
            visibility: try word("visibility", &reader),
            name: try reader.optional("name"),
            description: try reader.optional("description"),
            avatarURL: try reader.optional("avatar_url"),
            createdAt: Timestamp(milliseconds: try reader.required("created_at")),
            updatedAt: Timestamp(milliseconds: try reader.required("updated_at")),
            createdBy: UserID(rawValue: try reader.required("created_by")),
            lastSequence: SequenceNumber(rawValue: try reader.required("last_seq")),
            lastOffset: Offset(rawValue: try reader.required("last_offset")),
            participantCount: Int(try reader.required("participant_count", as: Int64.self))
        )
    }

    private static func reaction(_ value: JSONValue) throws(JSONError) -> ReactionSummary {
        guard case .object(let object) = value else {
            throw JSONError(.invalidValue, path: "reactions", message: "must be objects")
        }
        var reader = JSONObjectReader(object, path: "reactions")
        let users: [JSONValue] = try reader.required("user_ids")
        return ReactionSummary(
            emoji: try reader.required("emoji"),
            count: Int(try reader.required("count", as: Int64.self)),
            users: users.compactMap(Int64.init(json:)).map(UserID.init(rawValue:))
        )
    }

    private static func word<Value: RawRepresentable<String>>(
        _ name: String,
        _ reader: inout JSONObjectReader
    ) throws(JSONError) -> Value {
        guard let value = Value(rawValue: try reader.required(name)) else {
            throw JSONError(.invalidValue, path: name, message: "an unknown word")
        }
        return value
    }
}
