package import Domain
internal import Messaging
package import Web

/// What accompanies a request through the API: what the router knows, and who calls.
package struct APIContext: RequestContext, Sendable {
    package var core: CoreRequestContext
    /// Who calls; nil where nothing asked for a token.
    package var caller: Caller?

    package init(core: CoreRequestContext) { self.core = core }

    /// Who calls.
    ///
    /// - Throws: `unauthenticated` when nobody in particular does.
    package func requireCaller() throws(Failure) -> Caller {
        guard let caller else { throw .noToken }
        return caller
    }

    /// The chat named by the path.
    ///
    /// - Throws: 400 `invalid_value` for what is no number.
    func chat() throws(Problem) -> ChatID { ChatID(rawValue: try core.parameters.integer("id")) }

    /// The member named by the path.
    ///
    /// - Throws: 400 `invalid_value` for what is no number.
    func user() throws(Problem) -> UserID { UserID(rawValue: try core.parameters.integer("user_id")) }

    /// The message named by the path.
    ///
    /// - Throws: `invalid_value` for what is no message id.
    func message() throws(Failure) -> MessageID {
        guard let id = MessageID(core.parameters.text("message_id")) else {
            throw Failure(.invalidValue, "message_id in the path is not one")
        }
        return id
    }

    /// The emoji named by the path.
    ///
    /// - Throws: `too_long` or `invalid_content` for what is not one emoji.
    func emoji() throws(Failure) -> String {
        let emoji = core.parameters.text("emoji")
        try EmojiSequence.check(emoji)
        return emoji
    }
}

extension Failure {
    static let noToken = Failure(.unauthenticated, "This needs an access token: Authorization: Bearer <token>.")
}
