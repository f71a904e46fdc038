import Support

/// Thinks up the next operation of a writer, as its seed has it and the journal allows.
struct WriteComposer: Sendable {
    let writer: Int
    let user: TestUser
    let cast: Cast
    let kinds: [WriteKind]
    var random: SplitMix64
    private var count = 0

    /// Of one code point and of several: joined, with a variation, a flag, a keycap.
    private static let emoji = ["👍", "❤️", "🎉", "👩‍👩‍👧‍👦", "🇩🇪", "5️⃣"]

    init(writer: Int, user: TestUser, cast: Cast, kinds: [WriteKind], random: SplitMix64) {
        self.writer = writer
        self.user = user
        self.cast = cast
        self.kinds = kinds
        self.random = random
    }

    /// The next operation; a message where what was drawn needs something that is not there yet.
    mutating func next(_ journal: WriteJournal) -> WriteRecord {
        count += 1
        let chat = random.chance(percent: 60) ? cast.chats[0] : random.pick(cast.chats)
        let kind = WriteKind.pick(from: kinds, using: &random)
        return compose(kind, chat, journal) ?? record(.send, chat, text: body())
    }

    private mutating func compose(_ kind: WriteKind, _ chat: Int64, _ journal: WriteJournal) -> WriteRecord? {
        switch kind {
        case .send: return record(kind, chat, text: body())
        case .reply:
            guard let root = journal.pickMessage(in: chat, using: &random), root.kind == .send else { return nil }
            return record(kind, chat, target: root.answer?.sequence, text: body())
        case .edit:
            guard let own = ownMessage(chat, journal) else { return nil }
            return record(kind, chat, target: own, text: "edited: " + body())
        case .delete, .restore:
            guard let target = ownMessage(chat, journal) else { return nil }
            return record(kind, chat, target: target)
        case .react, .unreact:
            let target = journal.pickMessage(in: chat, using: &random)?.answer?.sequence
            return target.map { record(kind, chat, target: $0, text: Self.emoji.randomElement(using: &random)) }
        case .pin, .unpin:
            let target = journal.pickMessage(in: chat, using: &random)?.answer?.sequence
            return target.map { record(kind, chat, target: $0) }
        case .addMember, .removeMember:
            guard user.id == cast.owner.id else { return nil }
            return record(kind, chat, target: cast.churning.randomElement(using: &random)?.id)
        case .changeRole:
            guard user.id == cast.owner.id else { return nil }
            let role = random.chance(percent: 50) ? "admin" : "member"
            return record(kind, chat, target: cast.stable.dropFirst().randomElement(using: &random)?.id, text: role)
        case .changeChat:
            guard user.id == cast.owner.id else { return nil }
            return record(kind, chat, text: "Group \(count)")
        }
    }

    private mutating func ownMessage(_ chat: Int64, _ journal: WriteJournal) -> Int64? {
        for _ in 0..<8 {
            let message = journal.pickMessage(in: chat, using: &random)
            if message?.actor == user.id { return message?.answer?.sequence }
        }
        return nil
    }

    private mutating func record(
        _ kind: WriteKind,
        _ chat: Int64,
        target: Int64? = nil,
        text: String? = nil
    ) -> WriteRecord {
        let id = Self.clientID(using: &random)
        return WriteRecord(kind: kind, chat: chat, actor: user.id, clientID: id, target: target, text: text)
    }

    /// No two are alike; most are short.
    private mutating func body() -> String {
        let lengths = random.chance(percent: 5) ? 1_000...4_000 : 0...80
        let length = Int.random(in: lengths, using: &random)
        return "writer \(writer), number \(count) " + String(repeating: "ü", count: length)
    }

    /// A random UUID (RFC 9562, version 4), from the seed.
    static func clientID(using random: inout SplitMix64) -> String {
        let high = random.next() & ~0xF000 | 0x4000
        let low = random.next() & ~(0b11 << 62) | (0b10 << 62)
        let digits = [high, low].map { number in
            let text = String(number, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }.joined()
        var text = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append("-") }
            text.append(digit)
        }
        return text
    }
}
