/// Every route and every WebSocket command, and whom they obey; one without a row fails the tests.
enum AuthorizationMatrix {
    /// By the names of routes; the columns are those of `Persona`.
    static let routes: [String: AuthorizationRow] = [
        "live": .open("200"), "ready": .open("200"), "health": .open("200"), "metrics": .open("200"),
        "openapi": .open("200"),
        "docs": .open("200"),

        "register": .open("201", registration), "registerAlias": .open("201", registration),
        "login": .open("200", login), "loginAlias": .open("200", login),
        "refresh": .open("401", #"{"refresh_token":"none"}"#),
        "logout": .users("204", endsSession: true),
        "me": .users("200"), "meAlias": .users("200"), "getUser": .users("200"), "createTicket": .users("201"),
        // The handshake is refused before anybody is looked at: the request asks for no WebSocket.
        "socket": .open("426"), "chatSocket": .open("426"),

        "createChat": .users("201", #"{"type":"group","name":"New","participant_ids":[$bystander]}"#),
        "listChats": .users("200"),
        "getChat": .members("200"),
        "changeChat": .staff("200", #"{"name":"Other"}"#),
        "leaveChat": AuthorizationRow("409 204 204 404 404 401"),
        "listParticipants": .members("200"),
        "addParticipants": .staff("201", #"{"user_id":$newcomer}"#),
        "changeParticipant": .staff("200", #"{"role":"admin"}"#),
        "removeParticipant": .staff("204"),
        "listEvents": .members("200"), "listPins": .members("200"), "listReceipts": .members("200"),
        "readChat": .members("200", #"{"seq":1}"#),

        "sendMessage": .members("201", #"{"content":"x"}"#),
        "sendMessageAlias": .members("201", #"{"chat_id":$chat,"content":"x"}"#),
        "listMessages": .members("200"), "getMessage": .members("200"), "listRevisions": .members("200"),
        "listReplies": .members("200"), "listReactions": .members("200"),
        "editMessage": AuthorizationRow("403 403 200 404 404 401", #"{"content":"y"}"#),
        "deleteMessage": .members("200"), "restoreMessage": .members("200", before: ["DELETE"]),
        "addReaction": .members("200"), "removeReaction": .members("200"),
        "addReactionAlias": .members("200", #"{"emoji":"👍"}"#),
        "pin": .members("200"), "unpin": .members("200", before: ["PUT /pin"]),

        "changeMyChat": .members("200", #"{"archived":true}"#),
        "joinChat": AuthorizationRow("200 200 200 404 404 401"),
        "listInvites": .staff("200"), "createInvite": .staff("201"),
        "revokeInvite": AuthorizationRow("404:not_found 404:not_found 403 404 404 401"),
        "listUnread": .users("200"),

        "hideMessage": .members("204"), "unhideMessage": .members("204"),
        "saveMessage": .members("204"), "unsaveMessage": .members("204"), "listSaved": .users("200"),
        "getDraft": .members("404:not_found"), "putDraft": .members("200", #"{"content":"x"}"#),
        "removeDraft": .members("204"),
        "forwardMessage": .members("201", #"{"chat_ids":[$chat]}"#),
        "searchMessages": .members("200").asking("q=x&chat_id=$chat"),
        "listThreads": .members("200"), "readThread": .members("200", #"{"seq":1}"#),

        "changeProfile": .users("200", #"{"status_text":"x"}"#), "searchUsers": .users("200"),
        "getSettings": .users("200"), "changeSettings": .users("200", "{}"),
        "listBlocks": .users("200"), "blockUser": .users("204"), "unblockUser": .users("204"),
        "listContacts": .users("200"), "addContact": .users("204"), "removeContact": .users("204"),
        "listSessions": .users("200"), "revokeSession": .users("204", endsSession: true),
        "changePassword": AuthorizationRow(
            "401:invalid_credentials 401:invalid_credentials 401:invalid_credentials 401:invalid_credentials 401:invalid_credentials 401",
            #"{"current_password":"not the password","new_password":"another good passphrase"}"#
        ),
    ]

    /// What both get in their direct chat once one of them has blocked the other; the message is the blocked one's.
    static let blocked: [String: String] = [
        "sendMessage": "403:blocked", "sendMessageAlias": "403:blocked", "addReaction": "403:blocked",
        "addReactionAlias": "403:blocked", "pin": "403:blocked", "getChat": "200", "listMessages": "200",
        "getMessage": "200", "listEvents": "200", "listParticipants": "200", "getUser": "200", "readChat": "200",
    ]

    private static let registration =
        #"{"username":"u$unique","email":"u$unique@example.org","password":"correct horse battery"}"#
    private static let login = #"{"username":"$owner","password":"correct horse battery staple"}"#

    /// A command with what each persona is answered, in the order of `Persona`: a code, or the type of the frame.
    struct CommandRow: Sendable {
        let fields: String
        let answers: [String]

        init(_ answers: String, _ fields: String = "") {
            self.answers = answers.split(separator: " ").map(String.init)
            self.fields = fields
        }

        static func members(_ fields: String) -> CommandRow {
            CommandRow("ack ack ack chat_not_found chat_not_found", fields)
        }
    }

    /// By the names of commands.
    static let commands: [String: CommandRow] = [
        "auth": CommandRow("ack ack ack ack ack", #""token":"$token""#),
        "resume": CommandRow("conflict conflict conflict conflict conflict", #""epoch":"e","cursors":{"$chat":1}"#),
        "ping": CommandRow("pong pong pong pong pong"),
        "presence": CommandRow("ack ack ack ack ack", #""status":"away""#),
        "message": .members(#""chat_id":$chat,"content":"x""#),
        "edit": CommandRow(
            "forbidden forbidden ack chat_not_found chat_not_found",
            #""message_id":"$message","content":"y""#
        ),
        "delete": .members(#""message_id":"$message""#),
        "react": .members(#""message_id":"$message","emoji":"👍""#),
        "typing": .members(#""chat_id":$chat,"state":"start""#),
        "read": .members(#""chat_id":$chat,"seq":1"#),
    ]
}
