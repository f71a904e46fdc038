internal import Domain
internal import IOCore
internal import JSON
internal import Web

/// Searches, as many at once as there are callers.
///
/// Loop-bound.
final class SearchRound {
    /// What came of them.
    struct Figures {
        var answers = 0
        var hits = 0
        var latencies = LatencyRecorder()
        var errors: [String: Int] = [:]
        var duration = Duration.zero
        var rate: Double { Double(answers) / max(duration.seconds, 0.001) }

        /// As cells of a table.
        func row() -> [String] {
            var latencies = latencies
            return [
                Decimals.text(rate, places: 0), latencies.text(50), latencies.text(99),
                Decimals.text(Double(hits) / Double(max(answers, 1)), places: 1), String(errors.values.reduce(0, +)),
            ]
        }
    }

    private let people: [LoadUser]
    /// The chats of each of them.
    private let chats: [[Int64]]
    private let texts: SearchTexts
    private let callers: Int
    private let limit: Int
    private let tool: Tool
    private var figures = Figures()

    /// Searches as these people.
    init(
        people: [LoadUser],
        chats: [SearchFilling.Chat],
        texts: SearchTexts,
        callers: Int,
        limit: Int,
        tool: Tool
    ) {
        self.people = people
        self.texts = texts
        self.callers = callers
        self.limit = limit
        self.tool = tool
        var own: [[Int64]] = Array(repeating: [], count: people.count)
        for chat in chats { for member in chat.members { own[member].append(chat.id.rawValue) } }
        self.chats = own
    }

    /// Searches for so long.
    ///
    /// - Throws: `IOError` when a server cannot be reached.
    func run(_ kinds: [SearchTexts.Kind], for length: Duration) async throws -> Figures {
        figures = Figures()
        let end = tool.loop.now + length
        let bound = LoopBound(self, loop: tool.loop)
        try await Fan.out(over: callers, atMost: callers, on: tool.loop) { _, index in
            try await bound.value.search(index, kinds, until: end)
        }
        figures.duration = length
        return figures
    }

    private func search(_ caller: Int, _ kinds: [SearchTexts.Kind], until end: ContinuousClock.Instant) async throws {
        let server = people[caller % people.count].server
        let client = try await HTTPClient.connect(
            host: server.host,
            port: server.port,
            loop: tool.loop,
            resolver: tool.resolver
        )
        defer { client.close() }
        while tool.loop.now < end, let kind = kinds.randomElement() {
            let person = Int.random(in: 0..<people.count)
            var target = "/api/v1/search/messages?limit=\(limit)&q=\(Self.encoded(texts.query(kind)))"
            // The largest chats have the most members, so they are asked most often.
            if Bool.random(), let chat = chats[person].randomElement() { target += "&chat_id=\(chat)" }
            let begun = tool.loop.now
            let answer = try await client.send(
                .get,
                target,
                headers: HTTPHeaders([("Authorization", "Bearer \(people[person].accessToken)")])
            )
            guard tool.loop.now < end else { return }
            note(answer, tool.loop.now - begun)
        }
    }

    private func note(_ answer: HTTPClientResponse, _ latency: Duration) {
        guard answer.status == .ok else { return figures.errors["status \(answer.status.code)", default: 0] += 1 }
        figures.answers += 1
        figures.latencies.record(latency)
        // The answers are counted, not read: that would measure this program.
        figures.hits += Self.count(Self.mark, in: answer.body)
    }

    private static let mark = Array("\"highlights\":".utf8)

    private static func count(_ mark: [UInt8], in bytes: [UInt8]) -> Int {
        var (found, index) = (0, 0)
        while let start = bytes[index...].firstIndex(of: mark[0]) {
            if bytes[start...].starts(with: mark) { found += 1 }
            index = start + 1
        }
        return found
    }

    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in text.utf8 { encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: encoded, as: UTF8.self)
    }
}
