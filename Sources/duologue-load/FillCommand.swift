internal import Domain
internal import IOCore
internal import Messaging

/// `fill`: puts many messages into both stores quickly.
struct FillCommand: Command {
    static let name = "fill"
    static let summary = "put many messages into both stores, with no server, as data to measure on"
    static let help = """
        usage: duologue-load fill [options]

        Writes messages, replies, reactions, edits and deletions straight to the stores, by the server's own statements and in
        large batches. Reads POSTGRESQL_URL, MONGODB_URL and MONGODB_NAME. The schema must be there.

          --messages N   how many (default 200000)
          --chats N      chats they are spread over (default 40)

        Exit status: 0 all written, 1 a failure, 2 wrong usage.
        """

    private let location: DirectStores.Location
    private let messages: Int
    private let chats: Int

    init(_ arguments: inout Arguments, environment: [String: String]) throws(LoadError) {
        location = try DirectStores.Location(environment)
        messages = try arguments.takeInteger("--messages", default: 200_000, in: 1...100_000_000)
        chats = try arguments.takeInteger("--chats", default: 40, in: 1...1_000_000)
    }

    func run(_ tool: Tool) async throws -> Bool {
        let begun = ContinuousClock.now
        try await tool.loop.run { _ in
            try await DirectStores.with(location, tool) { stores in
                let filling = Filling(stores: stores, run: tool.run)
                try await filling.prepare()
                for chat in 0..<chats {
                    let share = messages / chats + (chat < messages % chats ? 1 : 0)
                    try await filling.fill(share)
                }
                try await filling.finish()
            }
        }
        let seconds = (ContinuousClock.now - begun).seconds
        Output.line("\(messages) messages in \(chats) chats in \(Int(seconds)) s")
        return true
    }
}

/// Fills one chat after the other.
///
/// Loop-bound.
private final class Filling {
    private let stores: DirectStores
    private let run: String
    private var users: [UserID] = []
    private var finished: [BatchID] = []

    private static let batch = 1_000
    private static let contentBytes = 120

    init(stores: DirectStores, run: String) {
        self.stores = stores
        self.run = run
    }

    func prepare() async throws {
        var usernames = Usernames(run: run)
        for _ in 0..<3 {
            let name = usernames.make(from: "fill")
            let user = try await stores.accounts.register(
                username: name,
                email: "\(name)@load.example.org",
                passwordHash: "none",
                fullName: nil
            )
            users.append(user.id)
        }
    }

    /// A chat with so many messages; one in ten is a reply in a thread, one in twenty gets a reaction or an edit, and one in
    /// a hundred is deleted.
    func fill(_ count: Int) async throws {
        let chat = try await stores.log.nextChatID()
        let draft = ChatDraft(type: .group, name: "fill \(run)", participants: Array(users.dropFirst()))
        _ = try await write([operation(chat, 0, .createChat(draft))])
        var written = 0
        while written < count {
            let size = min(Self.batch, count - written)
            let messages = (written..<written + size).map { number in
                let content = LoadText.make(number: number, size: Self.contentBytes)
                let root = number > 0 && number % 10 == 0 && written > 0 ? SequenceNumber(rawValue: 1) : nil
                let author = number % users.count
                return operation(chat, author, .createMessage(MessageDraft(content: content, threadRoot: root)))
            }
            let images = try await write(messages).compactMap(PostImages.messageImage(of:))
            _ = try await write(images.enumerated().compactMap { change(of: $1, number: $0) })
            written += size
        }
    }

    private func change(of image: MessageImage, number: Int) -> Operation? {
        let author = users.firstIndex(of: image.sender) ?? 0
        let body: Operation.Body
        switch number % 100 {
        case 7: body = .deleteMessage(image)
        case 11, 31, 51, 71, 91: body = .editMessage(MessageEdit(content: "edited \(number)"), of: image)
        case 13, 33, 53, 73, 93: body = .react(image.id.sequence, emoji: "👍", isOn: true)
        default: return nil
        }
        return operation(image.id.chat, author, body)
    }

    private func operation(_ chat: ChatID, _ author: Int, _ body: Operation.Body) -> Operation {
        OperationCodec.operation(chat: chat, actor: users[author], id: .random(), body: body)
    }

    private func write(_ operations: [Operation]) async throws -> [CommittedOperation] {
        guard !operations.isEmpty else { return [] }
        let batch = BatchID.random()
        let results = try await stores.log.commit(batch, operations, dropping: finished, wait: true)
        let committed = try zip(operations, results).map { operation, result in
            guard case .committed(let allocation) = result else { throw LoadError(.refused, "not written: \(result)") }
            return CommittedOperation(operation: operation, allocation: allocation)
        }
        try await stores.bodies.apply(committed.flatMap(PostImages.documents(of:)))
        finished = [batch]
        return committed
    }

    func finish() async throws { try await stores.log.drop(finished) }
}
