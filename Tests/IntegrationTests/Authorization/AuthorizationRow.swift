/// What a route answers to each persona, with ids of a chat that the first three are in.
///
/// The blocked one asks with those of a direct chat. With ids of another chat, in which none of them is, all who are logged
/// in get what the stranger gets.
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
    /// A body in which `$chat`, `$message`, `$bystander`, `$newcomer`, `$owner` and `$unique` stand for what is there, and
    /// `$refresh` for the refresh token of who asks.
    let body: String?
    /// What must have been done before, each as method and path of the message, by its author.
    let before: [String]
    /// What is asked for behind the path, with the same placeholders as the body.
    var query = ""
    /// Uses up the session it is asked with, which is made for it.
    let endsSession: Bool

    /// The columns there are.
    static let columns = 8

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

    /// The same answer to everybody with a token that is worth something; the blocked one may have another.
    static func users(
        _ answer: String,
        _ body: String? = nil,
        endsSession: Bool = false,
        blocked: String? = nil
    ) -> AuthorizationRow {
        let all = Array(repeating: answer, count: 5).joined(separator: " ")
        return AuthorizationRow("\(all) 401 401 \(blocked ?? answer)", body, endsSession: endsSession)
    }

    /// The same answer to every member, of whom the blocked one may have another; for the others there is no such chat.
    static func members(
        _ answer: String,
        _ body: String? = nil,
        before: [String] = [],
        blocked: String? = nil
    ) -> AuthorizationRow {
        let answers = "\(answer) \(answer) \(answer) 404 404 401 401 \(blocked ?? answer)"
        return AuthorizationRow(answers, body, before: before)
    }

    /// The same answer to owner and admin; a member may not, and nobody in a direct chat.
    static func staff(_ answer: String, _ body: String? = nil, blocked: String = "403") -> AuthorizationRow {
        AuthorizationRow("\(answer) \(answer) 403 404 404 401 401 \(blocked)", body)
    }
}
