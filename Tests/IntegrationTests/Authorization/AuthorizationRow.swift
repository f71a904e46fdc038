/// What a route answers to each persona, with ids of a chat that the first three are in.
///
/// With ids of another chat, in which none of them is, the first three get what the stranger gets.
struct AuthorizationRow: Sendable {
    /// One status for each persona, in the order of `Persona`.
    let statuses: [Int]
    /// A body in which `$chat`, `$message`, `$bystander`, `$newcomer`, `$owner` and `$unique` stand for what is there.
    let body: String?
    /// What must have been done before, each as method and path of the message, by its author.
    let before: [String]
    /// Uses up the session it is asked with.
    let endsSession: Bool

    init(_ statuses: String, _ body: String? = nil, before: [String] = [], endsSession: Bool = false) {
        self.statuses = statuses.split(separator: " ").compactMap { Int($0) }
        self.body = body
        self.before = before
        self.endsSession = endsSession
    }

    /// The same answer to all, tokens or none.
    static func open(_ status: Int, _ body: String? = nil) -> AuthorizationRow {
        AuthorizationRow(Array(repeating: "\(status)", count: Persona.allCases.count).joined(separator: " "), body)
    }

    /// The same answer to everybody with a token.
    static func users(_ status: Int, _ body: String? = nil, endsSession: Bool = false) -> AuthorizationRow {
        let all = Array(repeating: "\(status)", count: Persona.allCases.count - 1).joined(separator: " ")
        return AuthorizationRow(all + " 401", body, endsSession: endsSession)
    }

    /// The same answer to every member; for the others there is no such chat.
    static func members(_ status: Int, _ body: String? = nil, before: [String] = []) -> AuthorizationRow {
        AuthorizationRow("\(status) \(status) \(status) 404 404 401", body, before: before)
    }

    /// The same answer to owner and admin; a member may not.
    static func staff(_ status: Int, _ body: String? = nil) -> AuthorizationRow {
        AuthorizationRow("\(status) \(status) 403 404 404 401", body)
    }
}
