internal import Domain
internal import DuologueClient
internal import IOCore

/// `verify`: everything that was acked is in both stores, once, without holes.
struct VerifyCommand: Command {
    static let name = "verify"
    static let summary = "check a journal of acked messages against the stores and the server"
    static let help = """
        usage: duologue-load verify --journal FILE [options]

        Reads what `send --journal` wrote and looks for every acked message: in Postgres under its seq and offset, in
        MongoDB with its content, and in the history the server pages. Nothing may be there twice, and seqs and offsets
        of those chats may have no hole. Waits until recovery has finished what was under way. Reads POSTGRESQL_URL,
        MONGODB_URL and MONGODB_NAME.

          --journal FILE   what was acked
          --url URL        the server (default: DUOLOGUE_URLS, else http://127.0.0.1:PORT)
          --stores-only    do not ask the server
          --patience S     seconds until unfinished writes count as a fault (default 30)

        Exit status: 0 all is well, 1 a fault was found, 2 wrong usage.
        """

    private let journal: String
    private let servers: [ServerAddress]
    private let location: DirectStores.Location
    private let asksServer: Bool
    private let patience: Duration

    init(_ arguments: inout Arguments, environment: [String: String]) throws(LoadError) {
        guard let path = try arguments.take("--journal") else { throw LoadError(.usage, "--journal is needed") }
        journal = path
        servers = try arguments.takeServers(environment)
        location = try DirectStores.Location(environment)
        asksServer = !arguments.takeSwitch("--stores-only")
        patience = .seconds(try arguments.takeInteger("--patience", default: 30, in: 0...3600))
    }

    func run(_ tool: Tool) async throws -> Bool {
        let (readers, entries) = try Journal.read(try Files.read(journal))
        guard !entries.isEmpty else { throw LoadError(.system, "\(journal): nothing was acked, so nothing is shown") }
        let byChat = Dictionary(grouping: entries, by: \.chat)
        let audits = try await tool.loop.run { _ in
            try await DirectStores.with(location, tool) { stores in
                let reader = EvidenceReader(stores, loop: tool.loop)
                var audits: [(chat: ChatID, audit: JournalAudit)] = []
                for (chat, entries) in byChat.sorted(by: { $0.key < $1.key }) {
                    var evidence = try await reader.read(chat, patience: patience)
                    if asksServer { evidence.history = try await history(of: chat, readers) }
                    audits.append((chat, JournalAudit(entries, evidence)))
                }
                return audits
            }
        }
        return report(audits)
    }

    private func history(
        of chat: ChatID,
        _ readers: [Journal.Reader]
    ) async throws(LoadError) -> [ArrivedMessage] {
        guard let reader = readers.first(where: { $0.chat == chat }) else {
            throw LoadError(.system, "the journal names nobody who can read chat \(chat)")
        }
        do throws(DuologueError) {
            let client = try await DuologueClient.login(
                server: servers[0].description,
                username: reader.username,
                password: reader.password
            )
            return try await client.history(of: .init(rawValue: chat.rawValue))
        } catch {
            throw LoadError(error, of: servers[0])
        }
    }

    private func report(_ audits: [(chat: ChatID, audit: JournalAudit)]) -> Bool {
        var table = Table([
            "chat", "acked", "not in Postgres", "not in MongoDB", "not in history", "doubled", "holes", "unfinished",
        ])
        var sum = JournalAudit()
        func add(_ name: String, _ audit: JournalAudit) {
            let counts = [
                audit.acked, audit.lostInPostgres, audit.lostInMongo, audit.lostInHistory, audit.doubled, audit.holes,
                audit.unfinished,
            ]
            table.add([name] + counts.map(String.init))
        }
        for (chat, audit) in audits {
            add(chat.description, audit)
            sum.add(audit)
        }
        add("all", sum)
        Output.line(table.text)
        Output.line(sum.isFaultless ? "Everything acked is in both stores, once." : "FAULTS were found.")
        return sum.isFaultless
    }
}
