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
            hasLink: WebLink.isIn(content),
            hasFile: !image.attachments.isEmpty,
            words: words
        )
    }
}
