package import Domain

/// Why a query is no query, in a sentence for whoever wrote it.
package struct SearchQueryError: Error, Sendable, Equatable {
    package let message: String
}

/// Reads what somebody types into a search field.
///
///     words "a phrase" from:username|me in:chat before:2026-01-31 after:2026-01-01T12:00:00Z has:link has:file -without
///
/// Linear in the text, and so is what it makes; nothing in it is a pattern.
package struct SearchQueryParser {
    /// Most Unicode scalars of a query.
    package static let lengthLimit = 500
    /// Most words and phrases.
    package static let clauseLimit = 20
    /// Most words, those of phrases counted one by one.
    package static let termLimit = 64
    /// A shorter word must be a whole word of the message: what it begins is nearly everything.
    private static let prefixLength = 2

    private var rest: Substring.UnicodeScalarView
    private var criteria = SearchCriteria()
    private var terms = 0
    /// Whether something was typed that no word is made of.
    private var hasNothing = false

    private init(_ text: String) { rest = Substring(text).unicodeScalars }

    /// Reads a query.
    package static func parse(_ text: String) throws(SearchQueryError) -> SearchCriteria {
        guard text.unicodeScalars.count <= lengthLimit else {
            throw SearchQueryError(message: "at most \(lengthLimit) characters")
        }
        var parser = SearchQueryParser(text)
        try parser.read()
        return parser.criteria
    }

    private mutating func read() throws(SearchQueryError) {
        while skipSpace() {
            let isExcluded = skipDash()
            if let first = rest.first, Self.isQuote(first) {
                rest.removeFirst()
                let phrase = take { Self.isQuote($0) }
                if !rest.isEmpty { rest.removeFirst() }
                try add(phrase, isPhrase: true, isExcluded)
            } else {
                try word(take { Self.isSpace($0) }, isExcluded)
            }
        }
        try check()
    }

    private func check() throws(SearchQueryError) {
        let finds = !criteria.required.isEmpty || criteria.sender != nil || criteria.hasLink || criteria.hasFile
        guard finds || criteria.excluded.isEmpty else {
            throw SearchQueryError(message: "what is left out needs something to be left out of: a word, from: or has:")
        }
        // It would find everything there is in a chat or a time.
        guard finds || !hasNothing else { throw SearchQueryError(message: "there is no word in it to look for") }
        if let low = criteria.low, let high = criteria.high, low >= high {
            throw SearchQueryError(message: "nothing is both before: and after: these times")
        }
    }

    // MARK: Words

    private mutating func word(_ text: Substring, _ isExcluded: Bool) throws(SearchQueryError) {
        if let colon = text.firstIndex(of: ":"), let filter = Filter(rawValue: text[..<colon].lowercased()) {
            guard !isExcluded else { throw SearchQueryError(message: "\(filter.rawValue): cannot be left out") }
            return try apply(filter, text[text.index(after: colon)...])
        }
        try add(text, isPhrase: false, isExcluded)
    }

    /// What is one word to its writer may be several, as `don't` and everything in scripts without spaces: they must follow each other.
    private mutating func add(_ text: Substring, isPhrase: Bool, _ isExcluded: Bool) throws(SearchQueryError) {
        let tokens = SearchTokenizer.tokens(of: text).filter { $0.kind != .tail }
        guard let first = tokens.first else {
            if text.unicodeScalars.contains(where: { !Self.isSpace($0) }) { hasNothing = true }
            return
        }
        var clause = SearchClause([])
        for token in tokens {
            let isLast = token.position == tokens.last?.position
            let begins =
                isLast && !isPhrase && !isExcluded && token.kind == .word
                && token.text.unicodeScalars.count >= Self.prefixLength
            clause.terms.append(
                SearchTerm(
                    token.text,
                    offset: token.position - first.position,
                    isPrefix: token.kind == .single || begins
                )
            )
        }
        terms += clause.terms.count
        isExcluded ? criteria.excluded.append(clause) : criteria.required.append(clause)
        guard criteria.required.count + criteria.excluded.count <= Self.clauseLimit, terms <= Self.termLimit else {
            throw SearchQueryError(
                message: "at most \(Self.clauseLimit) words and phrases, of \(Self.termLimit) words together"
            )
        }
    }

    // MARK: Filters

    private enum Filter: String {
        case from, `in`, before, after, has
    }

    private mutating func apply(_ filter: Filter, _ value: Substring) throws(SearchQueryError) {
        switch filter {
        case .from:
            try once(criteria.sender == nil, filter)
            let name = value.lowercased()
            guard name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !name.isEmpty else {
                throw SearchQueryError(message: "from: takes a username, or me")
            }
            criteria.sender = name == "me" ? .me : .username(name)
        case .in:
            try once(criteria.chat == nil, filter)
            guard let number = Int64(value), (1...(1 << 53 - 1)).contains(number), value.first != "+" else {
                throw SearchQueryError(message: "in: takes a chat_id")
            }
            criteria.chat = ChatID(rawValue: number)
        case .before:
            try once(criteria.high == nil, filter)
            criteria.high = try time(value, filter)
        case .after:
            try once(criteria.low == nil, filter)
            criteria.low = try time(value, filter)
        case .has:
            switch value.lowercased() {
            case "link":
                try once(!criteria.hasLink, filter, "link")
                criteria.hasLink = true
            case "file":
                try once(!criteria.hasFile, filter, "file")
                criteria.hasFile = true
            default: throw SearchQueryError(message: "has: takes link or file")
            }
        }
    }

    private func once(_ isFirst: Bool, _ filter: Filter, _ value: String = "") throws(SearchQueryError) {
        guard isFirst else { throw SearchQueryError(message: "\(filter.rawValue):\(value) may stand there once") }
    }

    /// A time, or the beginning of a day, both in UTC unless said otherwise.
    private func time(_ value: Substring, _ filter: Filter) throws(SearchQueryError) -> Timestamp {
        guard let time = Timestamp(parsing: value.utf8.count == 10 ? "\(value)T00:00:00Z" : String(value)) else {
            throw SearchQueryError(message: "\(filter.rawValue): takes a day as 2026-01-31, or a time as of RFC 3339")
        }
        return time
    }

    // MARK: Characters

    /// Whether there is more.
    private mutating func skipSpace() -> Bool {
        while let first = rest.first, Self.isSpace(first) { rest.removeFirst() }
        return !rest.isEmpty
    }

    /// A dash before something leaves it out; by itself it is nothing.
    private mutating func skipDash() -> Bool {
        guard rest.first == "-", let next = rest.dropFirst().first, !Self.isSpace(next) else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func take(until isEnd: (Unicode.Scalar) -> Bool) -> Substring {
        let end = rest.firstIndex(where: isEnd) ?? rest.endIndex
        let taken = rest[..<end]
        rest = rest[end...]
        return Substring(taken)
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace }

    private static func isQuote(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\"" || scalar == "“" || scalar == "”" || scalar == "„"
    }
}
