internal import Domain

/// The texts that Postgres reads search vectors and queries from; they are parameters, and every word in them is quoted.
enum SearchTexts {
    /// Messages of a block; the functions in `sql/functions/search.sql` reckon with it.
    static let blockSize: Int64 = 1024
    /// Positions that Postgres keeps of a word.
    private static let positionLimit = 256

    /// The terms of a document, each behind the key of its block.
    static func terms(of document: SearchDocument) -> String {
        let chat = String(document.message.chat.rawValue, radix: 16)
        let block = String((document.message.sequence.rawValue - 1) / blockSize, radix: 16)
        let key = "\(chat).\(block):"
        var text = quoted("\(key)\(sender(document.sender))")
        if document.hasLink { text += " " + quoted(key + link) }
        if document.hasFile { text += " " + quoted(key + file) }
        for (word, positions) in document.words {
            let list = positions.prefix(positionLimit).map(String.init).joined(separator: ",")
            text += " \(quoted(key + word)):\(list)"
        }
        return text
    }

    /// What terms must match, with ^ for the key of a block; nil where every message does.
    static func query(_ criteria: SearchCriteria, from user: UserID) -> String? {
        var parts = criteria.required.map(clause)
        if criteria.sender == .me { parts.append(quoted("^" + sender(user))) }
        if criteria.hasLink { parts.append(quoted("^" + link)) }
        if criteria.hasFile { parts.append(quoted("^" + file)) }
        parts += criteria.excluded.map { "!" + clause($0) }
        return parts.isEmpty ? nil : parts.joined(separator: " & ")
    }

    /// The part of it that says how well a message matches; nil without words.
    static func ranking(_ criteria: SearchCriteria) -> String? {
        criteria.required.isEmpty ? nil : criteria.required.map(clause).joined(separator: " & ")
    }

    private static let link = "!l"
    private static let file = "!f"

    private static func sender(_ user: UserID) -> String { "!s" + String(user.rawValue, radix: 16) }

    private static func clause(_ clause: SearchClause) -> String {
        var text = ""
        var last = 0
        for term in clause.terms {
            if !text.isEmpty { text += " <\(term.offset - last)> " }
            text += quoted("^" + term.text) + (term.isPrefix ? ":*" : "")
            last = term.offset
        }
        return "(\(text))"
    }

    /// A word in quotes; quotes and backslashes in it are doubled, though folding leaves none.
    private static func quoted(_ word: String) -> String {
        var text = "'"
        for scalar in word.unicodeScalars {
            if scalar == "'" || scalar == "\\" { text.unicodeScalars.append(scalar) }
            text.unicodeScalars.append(scalar)
        }
        return text + "'"
    }
}
