package import Domain
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
}

extension Failure {
    static let noToken = Failure(.unauthenticated, "This needs an access token: Authorization: Bearer <token>.")
}
