internal import Domain
internal import Messaging

/// A made-up chat's committed operations, as Postgres would have decided them, with what they come to.
struct BodyHistory {
    let chat: ChatID
    private(set) var operations: [CommittedOperation] = []
    /// The documents after all of it, each as the last operation on it left it.
    private(set) var messages: [SequenceNumber: MessageImage] = [:]
    private(set) var reactions: [ReactionID: ReactionImage] = [:]
    private(set) var revisions: [RevisionImage] = []
    private(set) var threads: [SequenceNumber: ThreadState] = [:]

    private var random: SplitMix64
    private let users = (1...25).map { UserID(rawValue: $0) }
    private static let emojis = ["👍", "🎉", "👩‍👩‍👧‍👦", "é"]

    /// The same seed makes the same history.
    init(_ chat: ChatID, seed: UInt64, count: Int) {
        self.chat = chat
        random = SplitMix64(seed: seed)
        for _ in 0..<count { step() }
    }

    /// The head after all of it.
    var lastOffset: Offset { Offset(rawValue: Int64(operations.count)) }

    /// What Postgres says of the messages.
    var metadata: [MessageMetadata] {
        messages.values.sorted { $0.id.sequence < $1.id.sequence }.map { image in
            MessageMetadata(
                sequence: image.id.sequence,
                revision: image.revision,
                createdOffset: image.createdOffset,
                isDeleted: image.isDeleted,
                replyCount: threads[image.id.sequence]?.replyCount ?? 0,
                lastReply: threads[image.id.sequence]?.lastReply
            )
        }
    }

    /// The reactions on a message that stand, as a page shows them.
    func summaries(of sequence: SequenceNumber) -> [ReactionSummary] {
        let standing = reactions.values.filter { $0.isOn && $0.id.message.sequence == sequence }
            .sorted { $0.revision < $1.revision }
        var summaries: [ReactionSummary] = []
        for image in standing {
            let place = summaries.firstIndex { $0.emoji == image.id.emoji }
            if place == nil { summaries.append(ReactionSummary(emoji: image.id.emoji, count: 0, users: [])) }
            let index = place ?? summaries.count - 1
            summaries[index].count += 1
            if summaries[index].users.count < 20 { summaries[index].users.append(image.id.user) }
        }
        return summaries
    }

    // MARK: Making it

    /// A message that was edited and deleted, and one beside it; the revisions of the edit and of the deletion.
    mutating func makeTombstone() -> (edited: Offset, deleted: PurgeTarget, other: MessageID) {
        let user = users[0]
        let sequences = [1, 2].map { SequenceNumber(rawValue: $0) }
        let draft = MessageDraft(content: "first", mentions: [.here])
        commit(.createMessage(draft), by: user, sequence: sequences[0])
        commit(.createMessage(MessageDraft(content: "other")), by: user, sequence: sequences[1])
        guard let first = messages[sequences[0]] else { preconditionFailure("it was made") }
        commit(.editMessage(MessageEdit(content: "second"), of: first), by: user)
        let edited = lastOffset
        guard let second = messages[sequences[0]] else { preconditionFailure("it was made") }
        commit(.deleteMessage(second), by: user)
        let deleted = PurgeTarget(message: first.id, revision: lastOffset)
        return (edited, deleted, MessageID(chat: chat, sequence: sequences[1]))
    }

    /// Restores the first message.
    mutating func restore() {
        guard let tombstone = messages[SequenceNumber(rawValue: 1)] else { return }
        commit(.restoreMessage(tombstone), by: tombstone.sender)
    }

    private mutating func step() {
        guard let target = messages.values.sorted(by: { $0.id.sequence < $1.id.sequence }).randomElement(using: &random)
        else { return create() }
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<3: create()
        case 3: reply(to: target)
        case 4..<6 where !target.isDeleted:
            let edit = MessageEdit(content: "text \(random.next())", mentions: [.all])
            commit(.editMessage(edit, of: target), by: target.sender)
        case 6 where !target.isDeleted: commit(.deleteMessage(target), by: target.sender, thread: thread(target, -1))
        case 7 where target.isDeleted: commit(.restoreMessage(target), by: target.sender, thread: thread(target, 1))
        default: react(to: target)
        }
    }

    private mutating func create() {
        let user = users.randomElement(using: &random) ?? users[0]
        let sequence = SequenceNumber(rawValue: Int64(messages.count + 1))
        commit(.createMessage(MessageDraft(content: "text \(random.next())")), by: user, sequence: sequence)
    }

    private mutating func reply(to target: MessageImage) {
        let root = target.threadRoot ?? target.id.sequence
        let sequence = SequenceNumber(rawValue: Int64(messages.count + 1))
        var state = threads[root] ?? ThreadState(root: root, replyCount: 0, lastReply: nil, lastReplyAt: nil)
        state.replyCount += 1
        (state.lastReply, state.lastReplyAt) = (sequence, at)
        let draft = MessageDraft(content: "reply", threadRoot: root)
        commit(.createMessage(draft), by: users[0], sequence: sequence, thread: state)
    }

    private func thread(_ reply: MessageImage, _ change: Int) -> ThreadState? {
        guard let root = reply.threadRoot, var state = threads[root] else { return nil }
        state.replyCount += change
        let standing = messages.values.filter { $0.threadRoot == root && !$0.isDeleted && $0.id != reply.id }
        let last = (change > 0 ? standing + [reply] : standing).max { $0.id.sequence < $1.id.sequence }
        (state.lastReply, state.lastReplyAt) = (last?.id.sequence, last?.createdAt)
        return state
    }

    private mutating func react(to target: MessageImage) {
        let user = users.randomElement(using: &random) ?? users[0]
        let emoji = Self.emojis[random.next() % 7 == 0 ? Int(random.next() % 4) : 0]
        let isOn = reactions[ReactionID(message: target.id, user: user, emoji: emoji)]?.isOn ?? false
        commit(.react(target.id.sequence, emoji: emoji, isOn: !isOn), by: user)
    }

    private var at: Timestamp { Timestamp(milliseconds: 1_767_225_600_000 + Int64(operations.count)) }

    private mutating func commit(
        _ body: Operation.Body,
        by actor: UserID,
        sequence: SequenceNumber? = nil,
        thread: ThreadState? = nil
    ) {
        let id = OperationID.random(using: &random)
        let operation = Operation(chat: chat, actor: actor, id: id, hash: [], body: body, payload: [])
        let allocation = Allocation(offset: lastOffset.next, sequence: sequence, at: at, thread: thread)
        let committed = CommittedOperation(operation: operation, allocation: allocation)
        for image in PostImages.documents(of: committed) {
            switch image {
            case .message(let image): messages[image.id.sequence] = image
            case .revision(let image): revisions.append(image)
            case .reaction(let image): reactions[image.id] = image
            case .thread(let image): threads[image.state.root] = image.state
            }
        }
        operations.append(committed)
    }
}

/// A Postgres that says of a page what a test tells it.
final class ScriptedHistory: HistoryStore {
    private let answer: HistorySnapshot

    init(_ answer: HistorySnapshot) { self.answer = answer }

    func snapshot(
        of chat: ChatID,
        for user: UserID,
        window: HistoryWindow,
        limit: Int
    ) async throws -> HistorySnapshot? {
        guard case .after(let sequence) = window else { return answer }
        var page = answer
        page.rows = Array(answer.rows.filter { $0.sequence > sequence }.prefix(limit))
        return page
    }

    func snapshot(
        of chat: ChatID,
        at sequences: [SequenceNumber],
        for user: UserID
    ) async throws -> HistorySnapshot? {
        var page = answer
        page.rows = answer.rows.filter { sequences.contains($0.sequence) }
        return page
    }

    func replies(to root: MessageID, window: HistoryWindow, limit: Int) async throws -> [SequenceNumber] { [] }

    func committedEvents(of chat: ChatID, after offset: Offset, limit: Int) async throws -> [LoggedEvent] { [] }

    func announcedEvents(of chat: ChatID, after offset: Offset, limit: Int) async throws -> [LoggedEvent] { [] }

    func metadata(of chat: ChatID, sequences: [SequenceNumber]) async throws -> [MessageMetadata] {
        answer.rows.filter { sequences.contains($0.sequence) }
    }

    func latest(of chats: [ChatID], for user: UserID) async throws -> [ChatID: HistorySnapshot] { [:] }

    func snapshots(of messages: [MessageID], for user: UserID) async throws -> [ChatID: HistorySnapshot] { [:] }

    func closedByBlock(_ chats: [ChatID], for user: UserID) async throws -> [ChatID: Bool] { [:] }

    func epoch() async throws -> String { "scripted" }
}
