package import Domain

/// Looks for what was asked in the words of one text.
package struct SearchMatcher: Sendable {
    private let tokens: [SearchToken]

    /// A matcher over the words of a text.
    package init(_ text: String) { tokens = SearchTokenizer.tokens(of: text) }

    /// A matcher over the words of a document, of which it is not known where they are in the text.
    package init(words: [String: [Int]]) {
        tokens = words.flatMap { word, positions in
            positions.map { SearchToken(text: word, kind: .word, position: $0, range: 0..<0) }
        }.sorted { $0.position < $1.position }
    }

    /// Whether the text has all that is required and nothing of what is excluded; filters are not looked at.
    package func matches(_ criteria: SearchCriteria) -> Bool {
        criteria.required.allSatisfy { !occurrences(of: $0, limit: 1).isEmpty }
            && criteria.excluded.allSatisfy { occurrences(of: $0, limit: 1).isEmpty }
    }

    /// Where the text has what is required, in Unicode scalars of it: ascending, apart from each other, at most `limit`.
    package func highlights(_ criteria: SearchCriteria, limit: Int = 100) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        for clause in criteria.required {
            for start in occurrences(of: clause, limit: limit) {
                ranges += clause.terms.map { range(of: $0, at: start + $0.offset) }
            }
        }
        return Array(Self.merged(ranges).prefix(limit))
    }

    /// The indices of the words that a clause begins at.
    private func occurrences(of clause: SearchClause, limit: Int) -> [Int] {
        var found: [Int] = []
        for start in tokens.indices {
            if found.count == limit { break }
            let isHere = clause.terms.allSatisfy { term in
                let index = start + term.offset
                return index < tokens.count && Self.matches(tokens[index], term)
            }
            if isHere { found.append(start) }
        }
        return found
    }

    private static func matches(_ token: SearchToken, _ term: SearchTerm) -> Bool {
        let (word, looked) = (token.text.utf8, term.text.utf8)
        return term.isPrefix ? word.starts(with: looked) : word.elementsEqual(looked)
    }

    /// A word as a whole, also where it only begins so; of two neighbours the first, where one character was asked for.
    private func range(of term: SearchTerm, at index: Int) -> Range<Int> {
        let token = tokens[index]
        guard token.kind == .pair, term.isPrefix, index + 1 < tokens.count else { return token.range }
        return token.range.lowerBound..<max(tokens[index + 1].range.lowerBound, token.range.lowerBound + 1)
    }

    private static func merged(_ ranges: [Range<Int>]) -> [Range<Int>] {
        var merged: [Range<Int>] = []
        for range in ranges.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return merged
    }
}
