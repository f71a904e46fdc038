package import Domain

extension SearchDocument {
    /// What a message is found by; nil for one that is deleted.
    package init?(_ image: MessageImage) {
        guard !image.isDeleted, let content = image.content else { return nil }
        var words: [String: [Int]] = [:]
        for token in SearchTokenizer.tokens(of: content) { words[token.text, default: []].append(token.position) }
        self.init(
            message: image.id,
            revision: image.revision,
            sender: image.sender,
            createdAt: image.createdAt,
            hasLink: Self.hasLink(content),
            hasFile: !image.attachments.isEmpty,
            words: words
        )
    }

    /// Whether a text holds an address of the web: http:// or https:// and something behind it.
    private static func hasLink(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        while let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
            let (scheme, tail) = (rest[..<colon].suffix(5), rest[(colon + 1)...])
            if tail.starts(with: "//".utf8), let next = tail.dropFirst(2).first, next > 0x20, isWeb(scheme) {
                return true
            }
            rest = tail
        }
        return false
    }

    private static func isWeb(_ scheme: ArraySlice<UInt8>) -> Bool {
        let scheme = scheme.map { $0 | 0x20 }
        return scheme == Array("https".utf8) || scheme.suffix(4) == Array("http".utf8)[...]
    }
}
