import Domain
import Search

/// What holds of a search's text: it is a query or is refused, within its limits; it finds the very text that it was typed
/// from; and what is shown of a find lies in the text.
enum SearchProperties {
    static func check(_ input: [UInt8]) throws {
        let text = String(decoding: input, as: UTF8.self)
        let criteria: SearchCriteria
        do throws(SearchQueryError) {
            criteria = try SearchQueryParser.parse(text)
        } catch {
            return try FuzzFinding.unless(!error.message.isEmpty, "refused without a word")
        }
        try FuzzFinding.unless(
            text.unicodeScalars.count <= SearchQueryParser.lengthLimit,
            "a query of \(text.unicodeScalars.count) characters"
        )
        try FuzzFinding.unless(try SearchQueryParser.parse(text) == criteria, "read again, it is another query")
        try checkLimits(criteria)
        let matcher = SearchMatcher(text)
        var wanted = criteria
        wanted.excluded = []
        try FuzzFinding.unless(matcher.matches(wanted), "\(criteria) does not find \(text)")
        try checkHighlights(matcher.highlights(criteria), text)
    }

    private static func checkLimits(_ criteria: SearchCriteria) throws(FuzzFinding) {
        let clauses = criteria.required + criteria.excluded
        let terms = clauses.flatMap(\.terms)
        try FuzzFinding.unless(clauses.count <= SearchQueryParser.clauseLimit, "\(clauses.count) clauses")
        try FuzzFinding.unless(terms.count <= SearchQueryParser.termLimit, "\(terms.count) terms")
        for clause in clauses {
            let offsets = clause.terms.map(\.offset)
            try FuzzFinding.unless(offsets.first == 0 && Set(offsets).count == offsets.count, "offsets \(offsets)")
            try FuzzFinding.unless(offsets == offsets.sorted(), "offsets \(offsets)")
        }
        for term in terms {
            let count = term.text.unicodeScalars.count
            try FuzzFinding.unless((1...SearchTokenizer.wordLimit).contains(count), "a term of \(count) characters")
        }
        if let low = criteria.low, let high = criteria.high { try FuzzFinding.unless(low < high, "\(low) to \(high)") }
        let finds = !criteria.required.isEmpty || criteria.sender != nil || criteria.hasLink || criteria.hasFile
        try FuzzFinding.unless(finds || criteria.excluded.isEmpty, "finds everything but something")
    }

    private static func checkHighlights(_ ranges: [Range<Int>], _ text: String) throws(FuzzFinding) {
        var end = -1
        for range in ranges {
            try FuzzFinding.unless(range.lowerBound > end && !range.isEmpty, "highlights \(ranges)")
            end = range.upperBound
        }
        try FuzzFinding.unless(end <= text.unicodeScalars.count, "highlights \(ranges) of \(text)")
    }
}
