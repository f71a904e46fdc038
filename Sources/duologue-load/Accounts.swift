internal import Domain
internal import IOCore

/// Makes the accounts of a run.
///
/// Loop-bound.
final class Accounts {
    private let servers: [ServerAddress]
    private let loop: EventLoop
    private var users: [LoadUser?] = []

    /// Registrations and logins under way at once: each costs the server a password hash.
    private static let concurrency = 8

    /// Accounts on these servers.
    init(servers: [ServerAddress], tool: Tool) {
        self.servers = servers
        loop = tool.loop
    }

    /// Registers and logs in one user for each name; they are spread evenly over the servers.
    ///
    /// - Throws: the first `LoadError`.
    func make(_ names: [(username: String, fullName: String)]) async throws -> [LoadUser] {
        users = Array(repeating: nil, count: names.count)
        let bound = LoopBound(self, loop: loop)
        try await Fan.out(over: names.count, atMost: Self.concurrency, on: loop) { _, index in
            try await bound.value.make(index, names[index].username, names[index].fullName)
        }
        return users.compactMap(\.self)
    }

    /// As many users as asked for, with names that only count them.
    ///
    /// - Throws: the first `LoadError`.
    func make(count: Int, named stem: String, run: String) async throws -> [LoadUser] {
        var usernames = Usernames(run: run)
        return try await make((1...count).map { (usernames.make(from: "\(stem)\($0)"), "\(stem) \($0)") })
    }

    private func make(_ index: Int, _ username: String, _ fullName: String) async throws {
        users[index] = try await LoadUser.register(
            username,
            fullName: fullName,
            password: Tool.randomPassword(),
            on: servers[index % servers.count]
        )
    }
}
