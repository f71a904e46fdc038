internal import Domain
internal import Web

/// Which page of a chat's messages a request asks for, and how to ask for the next.
///
/// The next page goes the way of the query: towards older messages from the newest page and from `before`, towards newer
/// ones from `after` and `around`. A cursor is `b` or `a` and the number of the message it goes on from. A page may be empty
/// and have a next one: what the caller has hidden is left out of it.
struct HistoryQuery {
    static let parameters: [RouteParameter] =
        threadParameters + [
            RouteParameter(
                "around",
                .either([.id, .words(["first_unread"])]),
                "The page with this seq in its middle, or with the first message that counts as unread."
            )
        ]
    /// What pages of a thread take; its numbers have holes, so there is no middle to reckon.
    static let threadParameters: [RouteParameter] = [
        RouteParameter("before", .id, "Messages before this seq. At most one of the ways to page may be given."),
        RouteParameter("after", .count, "Messages after this seq."), .cursor, .limit,
    ]

    let window: HistoryWindow
    let limit: Int

    /// Throws `invalid_value` for more than one of the ways to page, `limit_exceeded` for too large a page.
    init(_ query: RequestQuery) throws(Failure) {
        limit = try query.limit()
        guard ["before", "after", "around", "cursor"].count(where: { query[$0] != nil }) <= 1 else {
            throw Failure(.invalidValue, "before, after, around and cursor exclude each other")
        }
        if let sequence = try query.integer("before", minimum: 1) {
            window = .before(SequenceNumber(rawValue: sequence))
        } else if let sequence = try query.integer("after", minimum: 0) {
            window = .after(SequenceNumber(rawValue: sequence))
        } else if query["around"] == "first_unread" {
            window = .firstUnread
        } else if let sequence = try query.integer("around", minimum: 1) {
            window = .around(SequenceNumber(rawValue: sequence))
        } else if let cursor = query["cursor"] {
            window = try Self.window(cursor)
        } else {
            window = .newest
        }
    }

    /// The cursor behind a page that goes over these numbers, when the chat's last message is `head`; nil when there is nothing
    /// behind it.
    func next(_ numbers: [SequenceNumber], head: SequenceNumber) -> String? {
        guard let first = numbers.first, let last = numbers.last else { return nil }
        switch window {
        case .newest, .before: return first.rawValue > 1 ? "b\(first)" : nil
        case .after, .around, .firstUnread: return last < head ? "a\(last)" : nil
        }
    }

    /// The cursor behind a page that goes over these numbers, of which is known whether more follows it.
    func next(_ numbers: [SequenceNumber], hasMore: Bool) -> String? {
        guard hasMore, let first = numbers.first, let last = numbers.last else { return nil }
        switch window {
        case .newest, .before: return "b\(first)"
        case .after, .around, .firstUnread: return "a\(last)"
        }
    }

    private static func window(_ cursor: String) throws(Failure) -> HistoryWindow {
        guard let number = Int64(cursor.dropFirst()), (1...RequestQuery.maximumInteger).contains(number) else {
            throw badCursor
        }
        switch cursor {
        case "b\(number)": return .before(SequenceNumber(rawValue: number))
        case "a\(number)": return .after(SequenceNumber(rawValue: number))
        default: throw badCursor
        }
    }

    private static let badCursor = Failure(.invalidValue, "cursor: must be the next of an earlier answer")
}
