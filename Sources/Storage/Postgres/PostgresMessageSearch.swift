package import Domain
package import Postgres

/// Searching messages in Postgres.
///
/// Loop-bound, like its client, which is to be one of its own: statements of searches take longer than others, and must hold up none.
package final class PostgresMessageSearch: MessageSearch {
    private let client: PostgresClient
    private var underWay = 0

    /// Searches under way at once.
    ///
    /// They share few connections: one that has run out of time ends those behind it, too.
    private static let limit = 16
    /// Candidates that are ranked together: the newest that match.
    private static let window = 200
    /// How long the function looks before it gives up, within the deadline of the client.
    private static let budget = Duration.milliseconds(1500)

    /// Searches through `client`.
    package init(client: PostgresClient) {
        self.client = client
    }

    package func search(
        _ criteria: SearchCriteria,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> Page<SearchHit>? {
        let cursor = try cursor.map(SearchCursor.init(parsing:))
        guard underWay < Self.limit else { throw Failure(.overloaded, "Too many searches are under way; try again.") }
        underWay += 1
        defer { underWay -= 1 }
        let answer = try await answer(to: criteria, for: user, limit: limit + 1, cursor)
        guard answer.isMember else { return nil }
        let now = cursor?.now ?? answer.now
        let high =
            cursor?.high ?? min(criteria.high ?? .distantFuture, Timestamp(milliseconds: answer.now.milliseconds + 1))
        let shown = answer.hits.prefix(limit)
        var next: SearchCursor?
        if answer.hits.count > limit, let last = shown.last {
            let floor = cursor?.floor ?? answer.floor ?? Timestamp(milliseconds: 0)
            let isFull = cursor?.last == nil ? answer.isFull : cursor?.isFull == true
            next = SearchCursor(now: now, high: high, floor: floor, isFull: isFull, last: last.place)
        } else if let cursor, cursor.last != nil {
            // Nothing older than the floor was among the candidates so far.
            if cursor.isFull, let floor = cursor.floor { next = SearchCursor(now: now, high: floor) }
        } else if answer.isFull, let floor = answer.floor {
            next = SearchCursor(now: now, high: floor)
        }
        return Page(items: shown.map(\.hit), next: next?.text)
    }

    private struct Answer {
        var isMember = false
        var now = Timestamp(milliseconds: 0)
        var floor: Timestamp?
        var isFull = false
        var hits: [(hit: SearchHit, place: SearchCursor.Place)] = []
    }

    private func answer(
        to criteria: SearchCriteria,
        for user: UserID,
        limit: Int,
        _ cursor: SearchCursor?
    ) async throws -> Answer {
        var sender: String?
        if case .username(let name)? = criteria.sender { sender = name }
        let high = cursor?.high ?? criteria.high
        let (floor, now, last) = (cursor?.floor, cursor?.now, cursor?.last)
        let query: PostgresQuery = """
            SELECT chat_id, seq, rev, score, at, member, is_full FROM duologue_search(
                \(user.rawValue), \(criteria.chat?.rawValue), \(SearchTexts.query(criteria, from: user)),
                \(SearchTexts.ranking(criteria)), \(sender), \(criteria.low.map(PostgresTimestamp.init)),
                \(high.map(PostgresTimestamp.init)), \(floor.map(PostgresTimestamp.init)),
                \(now.map(PostgresTimestamp.init)), \(last?.score), \((last?.at).map(PostgresTimestamp.init)),
                \(last?.message.chat.rawValue), \(last?.message.sequence.rawValue), \(Int32(clamping: limit)),
                \(Int32(Self.window)), \(Int32(Self.budget / .milliseconds(1))))
            """
        return try await postgres { () throws(PostgresError) in
            var answer = Answer()
            for row in try await client.query(query.named("search")) {
                guard let chat: ChatID = try row.optionalID(0) else {
                    answer.isMember = try row.decode(5)
                    answer.isFull = try row.decode(6)
                    answer.now = try row.timestamp(4)
                    answer.floor = try row.decode(3, as: Double?.self).map {
                        Timestamp(milliseconds: Int64($0.rounded()))
                    }
                    continue
                }
                let message = MessageID(chat: chat, sequence: try row.id(1))
                let place = SearchCursor.Place(
                    score: try row.decode(3),
                    at: try row.timestamp(4),
                    message: message
                )
                answer.hits.append((SearchHit(message, try row.id(2)), place))
            }
            return answer
        }
    }
}

extension Timestamp {
    /// Later than every time a client may name.
    fileprivate static let distantFuture = Timestamp(milliseconds: 1 << 48)
}
