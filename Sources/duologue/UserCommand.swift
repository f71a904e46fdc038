internal import Domain
internal import IOCore
internal import Postgres
internal import Security
internal import Storage

/// `duologue user`: what operators do to accounts, while servers run.
enum UserCommand {
    /// Why it was not done.
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    /// Does it and prints what was done; throws what is to be printed instead.
    static func run(_ request: UserRequest, _ configuration: Configuration) async throws {
        let password = request.needsPassword ? try PasswordPrompt.read() : nil
        let loop = EventLoop(name: "user")
        let blocking = BlockingPool(name: "blocking", threads: 2, queueLimit: 16)
        loop.start()
        defer {
            loop.stop()
            blocking.shutdown()
        }
        let url = configuration.postgresURL
        let answer = try await loop.run { actor in
            let client = PostgresClient(
                configuration: try PostgresConfiguration(url: url),
                loop: actor.loop,
                blocking: blocking
            )
            return try await connected(client, loop: actor.loop) { accounts, administration in
                try await perform(request, password, accounts, administration)
            }
        }
        print(answer)
    }

    private static func connected(
        _ client: PostgresClient,
        loop: EventLoop,
        _ body: (any AccountStore, any AccountAdministration) async throws -> String
    ) async throws -> String {
        let bound = LoopBound(client, loop: loop)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await bound.value.run() }
            }
            let result: Result<String, any Error>
            do {
                let administration = PostgresAccountAdministration(client: client)
                result = .success(try await body(PostgresAccountStore(client: client), administration))
            } catch {
                result = .failure(error)
            }
            await client.shutdown()
            try await group.waitForAll()
            return try result.get()
        }
    }

    /// What is done, over any stores.
    static func perform(
        _ request: UserRequest,
        _ password: String?,
        _ accounts: any AccountStore,
        _ administration: any AccountAdministration
    ) async throws -> String {
        let name = try refusable { () throws(SecurityError) in try Username(request.username) }
        if case .create(let email, let fullName, let role) = request.action {
            return try await create(name, email, fullName, role, password, accounts, administration)
        }
        guard let user = try await accounts.credentials(username: name.canonical)?.user else { throw nobody(name) }
        switch request.action {
        case .create: return ""
        case .promote(let role):
            guard try await administration.setRole(of: user.id, to: role) else { throw nobody(name) }
            return "\(user.username) is now \(role.rawValue)"
        case .disable:
            guard let count = try await administration.disable(user.id) else { throw nobody(name) }
            return "\(user.username) is disabled; sessions ended: \(count)"
        case .resetPassword:
            let email = try refusable { () throws(SecurityError) in try EmailAddress(user.email) }
            let hash = try hash(password, name, email)
            guard let count = try await administration.resetPassword(of: user.id, to: hash) else { throw nobody(name) }
            return "the password of \(user.username) is changed; sessions ended: \(count)"
        }
    }

    private static func create(
        _ name: Username,
        _ email: String,
        _ fullName: String?,
        _ role: UserRole,
        _ password: String?,
        _ accounts: any AccountStore,
        _ administration: any AccountAdministration
    ) async throws -> String {
        let email = try refusable { () throws(SecurityError) in try EmailAddress(email) }
        let hash = try hash(password, name, email)
        do {
            let user = try await accounts.register(
                username: name.text,
                email: email.text,
                passwordHash: hash,
                fullName: fullName
            )
            if role != .user { _ = try await administration.setRole(of: user.id, to: role) }
            return "\(user.username) is created: user_id \(user.id), \(role.rawValue)"
        } catch let failure as Failure {
            throw Refused(description: failure.detail)
        }
    }

    private static func hash(_ password: String?, _ name: Username, _ email: EmailAddress) throws -> String {
        try refusable { () throws(SecurityError) in
            try PasswordPolicy.check(password ?? "", username: name, email: email)
            return try PasswordHasher().hash(password ?? "")
        }
    }

    private static func refusable<Value>(_ body: () throws(SecurityError) -> Value) throws -> Value {
        do throws(SecurityError) {
            return try body()
        } catch {
            throw Refused(description: error.message)
        }
    }

    private static func nobody(_ name: Username) -> Refused { Refused(description: "there is no user \(name.text)") }
}
