/// Every route and every WebSocket command, and whom they obey; one without a row fails the tests.
enum AuthorizationMatrix {
    /// By the names of routes; the columns are those of `Persona`.
    static let routes: [String: AuthorizationRow] = [
        "live": .open("200"), "ready": .open("200"), "health": .open("200"), "metrics": .open("200"),
        "cacheStats": .open("200"),
        "openapi": .open("200"),
        "docs": .open("200"),

        "register": .open("201", registration), "registerAlias": .open("201", registration),
        "login": .open("200", login), "loginAlias": .open("200", login),
        "refresh": .users("200", #"{"refresh_token":"$refresh"}"#),
        "logout": .users("204", endsSession: true),
        "me": .users("200"), "meAlias": .users("200"), "getUser": .users("200"), "createTicket": .users("201"),
        // The handshake is refused before anybody is looked at: the request asks for no WebSocket. `sockets` has those that do.
        "socket": .open("426"), "chatSocket": .open("426"),

        "createChat": .users(
            "201",
            #"{"type":"group","name":"New","participant_ids":[$bystander]}"#,
            blocked: "403:blocked"
        ),
        "listChats": .users("200"),
        "getChat": .members("200"),
        "changeChat": .staff("200", #"{"name":"Other"}"#, blocked: "403:blocked"),
        "leaveChat": AuthorizationRow("409 204 204 404 404 401 401 403:blocked"),
        "listParticipants": .members("200"),
        "addParticipants": .staff("201", #"{"user_id":$newcomer}"#, blocked: "403:blocked"),
        "changeParticipant": .staff("200", #"{"role":"admin"}"#, blocked: "403:blocked"),
        "removeParticipant": .staff("204", blocked: "403:blocked"),
        "listEvents": .members("200"), "listPins": .members("200"), "listReceipts": .members("200"),
        "readChat": .members("200", #"{"seq":1}"#),

        "sendMessage": .members("201", #"{"content":"x"}"#, blocked: "403:blocked"),
        "sendMessageAlias": .members("201", #"{"chat_id":$chat,"content":"x"}"#, blocked: "403:blocked"),
        "listMessages": .members("200"), "getMessage": .members("200"), "listRevisions": .members("200"),
        "listReplies": .members("200"), "listReactions": .members("200"),
        "editMessage": AuthorizationRow("403 403 200 404 404 401 401 403:blocked", #"{"content":"y"}"#),
        "deleteMessage": .members("200"),
        "restoreMessage": .members("200", before: ["DELETE"], blocked: "403:blocked"),
        "addReaction": .members("200", blocked: "403:blocked"),
        "removeReaction": .members("200", blocked: "403:blocked"),
        "addReactionAlias": .members("200", #"{"emoji":"👍"}"#, blocked: "403:blocked"),
        "pin": .members("200", blocked: "403:blocked"),
        "unpin": .members("200", before: ["PUT /pin"], blocked: "403:blocked"),

        "changeMyChat": .members("200", #"{"archived":true}"#),
        "joinChat": AuthorizationRow("200 200 200 404 404 401 401 403:blocked"),
        "listInvites": .staff("200"), "createInvite": .staff("201"),
        "revokeInvite": AuthorizationRow("204 204 403 404 404 401 401 403"),
        "listUnread": .users("200"),

        "hideMessage": .members("204"), "unhideMessage": .members("204"),
        "saveMessage": .members("204"), "unsaveMessage": .members("204"), "listSaved": .users("200"),
        "getDraft": .members("404:not_found"), "putDraft": .members("200", #"{"content":"x"}"#),
        "removeDraft": .members("204"),
        "forwardMessage": .members("201", #"{"chat_ids":[$chat]}"#, blocked: "403:blocked"),
        "searchMessages": .members("200").asking("q=x&chat_id=$chat"),
        "listThreads": .members("200"), "readThread": .members("200", #"{"seq":1}"#),

        "changeProfile": .users("200", #"{"status_text":"x"}"#), "searchUsers": .users("200"),
        "getSettings": .users("200"), "changeSettings": .users("200", "{}"),
        "listBlocks": .users("200"), "blockUser": .users("204"), "unblockUser": .users("204"),
        "listContacts": .users("200"), "addContact": .users("204"), "removeContact": .users("204"),
        "listSessions": .users("200"), "revokeSession": .users("204", endsSession: true),
        "changePassword": .users(
            "401:invalid_credentials",
            #"{"current_password":"not the password","new_password":"another good passphrase"}"#
        ),
    ]

    /// By the names of routes, what comes of a WebSocket for each persona, in the order of `Persona`: `ready`, the code that it
    /// is closed with, or the status that refuses it.
    ///
    /// Who shows no token is heard, and sent away by the first word that does not say who they are.
    static let sockets: [String: String] = [
        "socket": "ready ready ready ready ready 4001 401 ready",
        "chatSocket": "ready ready ready 4003 4003 4001 401 ready",
    ]

    /// What the one who has blocked the other gets in their direct chat: no more than the other.
    static let blocked: [String: String] = [
        "sendMessage": "403:blocked", "sendMessageAlias": "403:blocked", "addReaction": "403:blocked",
        "addReactionAlias": "403:blocked", "pin": "403:blocked", "getChat": "200", "listMessages": "200",
        "getMessage": "200", "listEvents": "200", "listParticipants": "200", "getUser": "200", "readChat": "200",
        "editMessage": "403:blocked", "forwardMessage": "403:blocked",
    ]

    private static let registration =
        #"{"username":"u$unique","email":"u$unique@example.org","password":"correct horse battery"}"#
    private static let login = #"{"username":"$owner","password":"correct horse battery staple"}"#

    /// A command with what each persona is answered, in the order of `Persona`: a code, the type of the frame, the code that
    /// the socket is closed with, or that there is no socket.
    struct CommandRow: Sendable {
        let fields: String
        let answers: [String]

        init(_ answers: String, _ fields: String = "") {
            self.answers = answers.split(separator: " ").map(String.init)
            self.fields = fields
        }

        static func users(_ answer: String, _ fields: String = "") -> CommandRow {
            let all = Array(repeating: answer, count: 5).joined(separator: " ")
            return CommandRow("\(all) 4001 none \(answer)", fields)
        }

        static func members(_ fields: String, blocked: String = "ack") -> CommandRow {
            CommandRow("ack ack ack chat_not_found chat_not_found 4001 none \(blocked)", fields)
        }
    }

    /// By the names of commands.
    static let commands: [String: CommandRow] = [
        "auth": CommandRow("ack ack ack ack ack 4010 none ack", #""token":"$token""#),
        "resume": .users("conflict", #""epoch":"e","cursors":{"$chat":1}"#),
        "ping": .users("pong"),
        "presence": .users("ack", #""status":"away""#),
        "message": .members(#""chat_id":$chat,"content":"x""#, blocked: "blocked"),
        "edit": CommandRow(
            "forbidden forbidden ack chat_not_found chat_not_found 4001 none blocked",
            #""message_id":"$message","content":"y""#
        ),
        "delete": .members(#""message_id":"$message""#),
        "react": .members(#""message_id":"$message","emoji":"👍""#, blocked: "blocked"),
        "typing": .members(#""chat_id":$chat,"state":"start""#),
        "read": .members(#""chat_id":$chat,"seq":1"#),
    ]
}
