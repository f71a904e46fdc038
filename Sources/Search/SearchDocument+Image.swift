package import Domain

extension SearchDocument {
    /// What a message is found by; nil for one that is deleted.
    package init?(_ image: MessageImage) {
        guard !image.isDeleted, let content = image.content else { return nil }
        let tokens = SearchTokenizer.tokens(of: content)
        var words: [String: [Int]] = Dictionary(minimumCapacity: tokens.count)
        for token in tokens { words[token.text, default: []].append(token.position) }
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
