internal import Domain

/// A page of a list that is known as a whole and short; its cursor is how many items went before.
struct ListSlice<Item> {
    let items: [Item]
    let next: String?

    /// Throws `invalid_value` for a cursor of no such list.
    init(_ all: [Item], limit: Int, cursor: String?) throws(Failure) {
        var skipped = 0
        if let cursor {
            guard let number = Int(cursor), number > 0, cursor == "\(number)" else {
                throw Failure(.invalidValue, "cursor: must be the next of an earlier answer")
            }
            skipped = number
        }
        items = Array(all.dropFirst(skipped).prefix(limit))
        next = all.count - skipped > limit ? "\(skipped + limit)" : nil
    }
}
