internal import Domain

/// Where a search goes on: everything that its order depends on, and the last one shown.
struct SearchCursor: Equatable {
    /// The moment that ages are reckoned to.
    var now: Timestamp
    /// Candidates are before this time.
    var high: Timestamp
    /// And not before this one; nil where it is still to be found.
    var floor: Timestamp?
    /// Whether there may be more before the floor.
    var isFull = false
    /// The last one shown of these candidates; nil before the first.
    var last: Place?

    /// A place in the order.
    struct Place: Equatable {
        var score: Double
        var at: Timestamp
        var message: MessageID
    }

    var text: String {
        var parts = [now.milliseconds, high.milliseconds]
        if let floor, let last {
            parts += [
                floor.milliseconds, isFull ? 1 : 0, Int64(bitPattern: last.score.bitPattern), last.at.milliseconds,
                last.message.chat.rawValue, last.message.sequence.rawValue,
            ]
        }
        return parts.map { String($0, radix: 36) }.joined(separator: ".")
    }

    init(now: Timestamp, high: Timestamp, floor: Timestamp? = nil, isFull: Bool = false, last: Place? = nil) {
        self.now = now
        self.high = high
        self.floor = floor
        self.isFull = isFull
        self.last = last
    }

    /// Reads what `text` wrote.
    ///
    /// Throws `invalid_value` for anything else.
    init(parsing text: String) throws(Failure) {
        var numbers: [Int64] = []
        for part in text.split(separator: ".", maxSplits: 8, omittingEmptySubsequences: false) {
            guard let number = Int64(part, radix: 36), number >= 0 else { throw Self.bad }
            numbers.append(number)
        }
        guard numbers.count == 2 || numbers.count == 8 else { throw Self.bad }
        // Beyond every time and id, and within what Postgres can express.
        for (index, number) in numbers.enumerated() where index != 4 && number >= 1 << 48 && index < 6 {
            throw Self.bad
        }
        self.init(now: Timestamp(milliseconds: numbers[0]), high: Timestamp(milliseconds: numbers[1]))
        guard numbers.count == 8 else { return }
        let score = Double(bitPattern: UInt64(numbers[4]))
        let message = MessageID("\(numbers[6])-\(numbers[7])")
        guard score.isFinite, let message else { throw Self.bad }
        floor = Timestamp(milliseconds: numbers[2])
        isFull = numbers[3] == 1
        last = Place(score: score, at: Timestamp(milliseconds: numbers[5]), message: message)
    }

    private static let bad = Failure(.invalidValue, "The cursor is not one of this search.")
}
