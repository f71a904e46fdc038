internal import Domain

/// The texts that Postgres reads search vectors and queries from; they are parameters, and every word in them is quoted.
enum SearchTexts {
    /// Messages of a block; the functions in `sql/functions/search.sql` reckon with it.
    static let blockSize: Int64 = 1024
    /// Positions that Postgres keeps of a word.
    private static let positionLimit = 256

    /// The terms of a document, each behind the key of its block.
    ///
    /// Made as bytes: of all that indexing is, this was the dearest part when it was made of strings.
    static func terms(of document: SearchDocument) -> String {
        let chat = String(document.message.chat.rawValue, radix: 16)
        let block = String((document.message.sequence.rawValue - 1) / blockSize, radix: 16)
        let key = Array("\(chat).\(block):".utf8)
        var text: [UInt8] = []
        text.reserveCapacity((document.words.count + 1) * (key.count + 16))
        append(sender(document.sender), behind: key, to: &text)
        if document.hasLink { append(link, behind: key, to: &text) }
        if document.hasFile { append(file, behind: key, to: &text) }
        for (word, positions) in document.words {
            append(word, behind: key, to: &text)
            var separator = UInt8(ascii: ":")
            for position in positions.prefix(positionLimit) {
                text.append(separator)
                text.append(contentsOf: String(position).utf8)
                separator = UInt8(ascii: ",")
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func append(_ word: String, behind key: [UInt8], to text: inout [UInt8]) {
        if !text.isEmpty { text.append(UInt8(ascii: " ")) }
        text.append(UInt8(ascii: "'"))
        text.append(contentsOf: key)
        append(quotable: word, to: &text)
        text.append(UInt8(ascii: "'"))
    }

    /// Quotes and backslashes are doubled, though folding leaves none.
    private static func append(quotable word: String, to text: inout [UInt8]) {
        for byte in word.utf8 {
            if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\\") { text.append(byte) }
            text.append(byte)
        }
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

    private static func quoted(_ word: String) -> String {
        var text = [UInt8(ascii: "'")]
        append(quotable: word, to: &text)
        return String(decoding: text, as: UTF8.self) + "'"
    }
}
