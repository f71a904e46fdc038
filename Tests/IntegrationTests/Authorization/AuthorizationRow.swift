/// What a route answers to each persona, with ids of a chat that the first three are in.
///
/// With ids of another chat, in which none of them is, the first three get what the stranger gets.
struct AuthorizationRow: Sendable {
    /// An answer: a status, and the code of a refusal.
    struct Answer: Sendable {
        let status: Int
        let code: String?

        /// Reads `404`, with the usual code of that status, or `404:not_found`.
        init(_ text: Substring) {
            let parts = text.split(separator: ":")
            status = Int(parts[0]) ?? 0
            code = parts.count > 1 ? String(parts[1]) : Self.usual[status]
        }

        private static let usual = [401: "unauthenticated", 403: "forbidden", 404: "chat_not_found"]
    }

    /// One for each persona, in the order of `Persona`.
    let answers: [Answer]
    /// A body in which `$chat`, `$message`, `$bystander`, `$newcomer`, `$owner` and `$unique` stand for what is there.
    let body: String?
    /// What must have been done before, each as method and path of the message, by its author.
    let before: [String]
    /// What is asked for behind the path, with the same placeholders as the body.
    var query = ""
    /// Uses up the session it is asked with, which is made for it.
    let endsSession: Bool

    /// The columns there are.
    static let columns = 6

    init(_ answers: String, _ body: String? = nil, before: [String] = [], endsSession: Bool = false) {
        self.answers = answers.split(separator: " ").map(Answer.init)
        self.body = body
        self.before = before
        self.endsSession = endsSession
    }

    /// The same row with a query.
    func asking(_ query: String) -> AuthorizationRow {
        var row = self
        row.query = "?" + query
        return row
    }

    /// The same answer to all, tokens or none.
    static func open(_ answer: String, _ body: String? = nil) -> AuthorizationRow {
        AuthorizationRow(Array(repeating: answer, count: columns).joined(separator: " "), body)
    }

    /// The same answer to everybody with a token.
    static func users(_ answer: String, _ body: String? = nil, endsSession: Bool = false) -> AuthorizationRow {
        let all = Array(repeating: answer, count: columns - 1).joined(separator: " ")
        return AuthorizationRow(all + " 401", body, endsSession: endsSession)
    }

    /// The same answer to every member; for the others there is no such chat.
    static func members(_ answer: String, _ body: String? = nil, before: [String] = []) -> AuthorizationRow {
        AuthorizationRow("\(answer) \(answer) \(answer) 404 404 401", body, before: before)
    }

    /// The same answer to owner and admin; a member may not.
    static func staff(_ answer: String, _ body: String? = nil) -> AuthorizationRow {
        AuthorizationRow("\(answer) \(answer) 403 404 404 401", body)
    }
}
