internal import Domain
internal import Postgres

/// The place in a list after its last item shown: the two numbers the list is ordered by.
struct PageCursor {
    let first: Int64
    let second: Int64

    init(first: Int64, second: Int64) {
        self.first = first
        self.second = second
    }

    /// Reads what `description` wrote.
    ///
    /// Throws `invalid_value` for anything else.
    init(parsing text: String) throws(Failure) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let first = Int64(parts[0]), let second = Int64(parts[1]), first >= 0, second >= 0,
            first < Self.bound, second < Self.bound
        else { throw Failure(.invalidValue, "The cursor is not one of this list.") }
        self.init(first: first, second: second)
    }

    /// Beyond every id, offset and time in microseconds, and within what Postgres can express.
    private static let bound: Int64 = 1 << 53

    var text: String { "\(first).\(second)" }

    /// A page of `limit` items of rows that were read with one more, which only tells that the list goes on.
    static func page<Item: Sendable>(
        _ rows: [PostgresRow],
        limit: Int,
        _ item: (PostgresRow) throws(PostgresError) -> Item,
        _ place: (PostgresRow) throws(PostgresError) -> PageCursor
    ) throws(PostgresError) -> Page<Item> {
        var items: [Item] = []
        for row in rows.prefix(limit) { items.append(try item(row)) }
        guard rows.count > limit, limit > 0 else { return Page(items: items, next: nil) }
        return Page(items: items, next: try place(rows[limit - 1]).text)
    }
}
