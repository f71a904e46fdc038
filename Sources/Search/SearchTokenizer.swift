/// Takes a text apart into the words it is found by; the same for what is indexed, what is asked for and what is highlighted.
///
/// Words are runs of letters, digits and the marks that folding leaves. Scripts that write no spaces (Han, kana, Hangul, Thai, Lao,
/// Khmer, Burmese) are taken by overlapping pairs of characters. A symbol such as an emoji is a word. Linear in the text.
package struct SearchTokenizer {
    /// The last position that Postgres keeps apart from others; what is behind it is not indexed.
    package static let positionLimit = 16_383
    /// Longer words are cut, in Unicode scalars.
    package static let wordLimit = 64
    /// Characters with more marks are taken apart there (UAX #15, stream-safe text): the order of marks costs the square of their number.
    private static let clusterLimit = 32
    /// Marks that a character of a script without spaces keeps, in Unicode scalars.
    private static let markLimit = 8

    private var tokens: [SearchToken] = []
    private var word = ""
    private var wordLength = 0
    private var wordRange = 0..<0
    /// The last two characters of a run without spaces; a mark may still join the second.
    private var run: [(text: String, range: Range<Int>)] = []
    private var isPaired = false
    private var folding = TextFolding()

    private init() {}

    /// The words of a text, in their order.
    package static func tokens(of text: some StringProtocol) -> [SearchToken] {
        var tokenizer = SearchTokenizer()
        tokenizer.read(Array(text.unicodeScalars))
        return tokenizer.tokens
    }

    private mutating func read(_ scalars: [Unicode.Scalar]) {
        var index = 0
        while index < scalars.count, tokens.count < Self.positionLimit {
            let start = index
            index += 1
            let end = min(start + Self.clusterLimit, scalars.count)
            while index < end, TextFolding.continues(scalars[index]) { index += 1 }
            if index == start + 1, scalars[start].isASCII {
                take(ascii: scalars[start], start..<index)
            } else {
                take(scalars[start..<index], start..<index)
            }
        }
        endWord()
        endRun()
        if tokens.count > Self.positionLimit { tokens.removeLast(tokens.count - Self.positionLimit) }
    }

    private mutating func take(ascii scalar: Unicode.Scalar, _ range: Range<Int>) {
        switch scalar {
        case "a"..."z", "0"..."9": letter(scalar, range)
        case "A"..."Z": letter(Unicode.Scalar(UInt8(scalar.value) + 32), range)
        default:
            endWord()
            endRun()
        }
    }

    private mutating func take(_ cluster: ArraySlice<Unicode.Scalar>, _ range: Range<Int>) {
        var folded: [Unicode.Scalar] = []
        folding.fold(cluster) { folded.append($0) }
        for scalar in folded {
            switch TextFolding.classify(scalar) {
            case .letter: Self.isUnspaced(scalar) ? character(scalar, range) : letter(scalar, range)
            case .mark: mark(scalar, range)
            case .symbol:
                endWord()
                endRun()
                add(String(scalar), .symbol, range)
            case .other:
                endWord()
                endRun()
            }
        }
    }

    // MARK: Words

    private mutating func letter(_ scalar: Unicode.Scalar, _ range: Range<Int>) {
        endRun()
        if wordLength == 0 { wordRange = range }
        wordLength += 1
        wordRange = wordRange.lowerBound..<range.upperBound
        if wordLength <= Self.wordLimit { word.unicodeScalars.append(scalar) }
    }

    /// A mark stays with what is before it; one on nothing is no word.
    private mutating func mark(_ scalar: Unicode.Scalar, _ range: Range<Int>) {
        if wordLength > 0 {
            letter(scalar, range)
        } else if let last = run.indices.last {
            if run[last].text.unicodeScalars.count <= Self.markLimit { run[last].text.unicodeScalars.append(scalar) }
            run[last].range = run[last].range.lowerBound..<range.upperBound
        }
    }

    private mutating func endWord() {
        guard wordLength > 0 else { return }
        add(word, .word, wordRange)
        word = ""
        wordLength = 0
    }

    // MARK: Runs without spaces

    private mutating func character(_ scalar: Unicode.Scalar, _ range: Range<Int>) {
        endWord()
        pair()
        run.append((String(scalar), range))
    }

    /// Hands over the two characters that are complete, and keeps the second.
    private mutating func pair() {
        guard run.count == 2 else { return }
        add(run[0].text + run[1].text, .pair, run[0].range.lowerBound..<run[1].range.upperBound)
        run.removeFirst()
        isPaired = true
    }

    private mutating func endRun() {
        pair()
        guard let last = run.last else { return }
        add(last.text, isPaired ? .tail : .single, last.range)
        run = []
        isPaired = false
    }

    private mutating func add(_ text: String, _ kind: SearchToken.Kind, _ range: Range<Int>) {
        tokens.append(SearchToken(text: text, kind: kind, position: tokens.count + 1, range: range))
    }

    private static func isUnspaced(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0xDFF: false
        // Thai, Lao, Burmese, Hangul, Khmer, kana, Bopomofo, Yi, Han.
        case 0xE00...0xEFF, 0x1000...0x109F, 0x1100...0x11FF, 0x1780...0x17FF, 0x2E80...0x2FDF, 0x3005...0x3007,
            0x3021...0x3029, 0x3031...0x3035, 0x3041...0x3096, 0x309D...0x309F, 0x30A1...0x30FA, 0x30FC...0x30FF,
            0x3105...0x312F, 0x31A0...0x31BF, 0x31F0...0x31FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7FF, 0xF900...0xFAFF, 0x1B000...0x1B16F, 0x20000...0x3FFFF:
            true
        default: false
        }
    }
}
