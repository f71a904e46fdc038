/// What is said, and what is looked for in it.
struct SearchTexts: Sendable {
    /// How a query is made.
    enum Kind: String, CaseIterable, Sendable {
        case word = "one word"
        case words = "two words"
        case phrase = "a phrase"
        case beginning = "the beginning of a word"
        case unspaced = "Chinese, Japanese"
    }

    let lines: [String]
    private let words: [[String]]

    /// One message in so many is of a script without spaces.
    private static let unspacedShare = 50
    private static let unspacedParts = [
        "今日は", "天気が", "いいです", "日本語", "東京", "駅で", "会いましょう", "我们", "明天", "开会", "北京", "上海", "软件", "更新", "问题",
        "谢谢", "服务器", "重启", "ありがとう", "ファイル",
    ]

    /// Texts drawn from these.
    init(lines: [String]) {
        self.lines = lines.filter {
            !$0.isEmpty && $0.unicodeScalars.count <= 10_000 && !$0.unicodeScalars.contains("\0")
        }
        words = self.lines.map { line in
            line.split { !$0.isLetter && !$0.isNumber }.map(String.init).filter { $0.allSatisfy(\.isASCII) }
        }.filter { $0.count >= 3 }
    }

    /// Something said.
    func text() -> String {
        guard Int.random(in: 0..<Self.unspacedShare) == 0 else { return lines.randomElement() ?? "" }
        return (0..<5).map { _ in Self.unspacedParts.randomElement() ?? "" }.joined()
    }

    /// Something to look for, as often as it is said.
    func query(_ kind: Kind) -> String {
        let line = words.randomElement() ?? []
        switch kind {
        case .word: return line.randomElement() ?? ""
        case .words: return "\(line.randomElement() ?? "") \(line.randomElement() ?? "")"
        case .phrase:
            let start = Int.random(in: 0...max(0, line.count - 2))
            return "\"\(line[start...].prefix(2).joined(separator: " "))\""
        case .beginning: return String((line.randomElement() ?? "").prefix(3))
        case .unspaced: return String((Self.unspacedParts.randomElement() ?? "").prefix(2))
        }
    }
}
