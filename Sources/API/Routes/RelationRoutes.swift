internal import Domain
internal import Messaging
internal import Web

/// Contacts and blocks.
final class RelationRoutes {
    private let relations: any RelationStore
    private let observer: any BlockObserver

    /// Routes over a store; the observer is told of blocks.
    init(relations: any RelationStore, observer: any BlockObserver) {
        self.relations = relations
        self.observer = observer
    }

    func register(on group: RouteGroup<APIContext>) {
        group.route(
            .get,
            "/users/me/contacts",
            name: "listContacts",
            RouteDescription(
                "The caller's contacts, the latest first",
                .users,
                query: [.limit, .cursor],
                answers: [.ok(.relationList)]
            ),
            handler: contacts
        )
        group.route(
            .put,
            "/users/me/contacts/{id}",
            name: "addContact",
            RouteDescription(
                "Keeps somebody as a contact",
                .users,
                body: .nothing,
                answers: [.noContent],
                failures: [.userNotFound, .limitExceeded]
            ),
            handler: addContact
        )
        group.route(
            .delete,
            "/users/me/contacts/{id}",
            name: "removeContact",
            RouteDescription(
                "Keeps somebody as a contact no longer",
                .users,
                body: .nothing,
                answers: [.noContent]
            ),
            handler: removeContact
        )
        group.route(
            .get,
            "/users/me/blocks",
            name: "listBlocks",
            RouteDescription(
                "Whom the caller has blocked, the latest first",
                .users,
                query: [.limit, .cursor],
                answers: [.ok(.relationList)]
            ),
            handler: blocks
        )
        group.route(
            .put,
            "/users/me/blocks/{id}",
            name: "blockUser",
            RouteDescription(
                "Blocks somebody",
                .users,
                body: .nothing,
                answers: [.noContent],
                failures: [.userNotFound, .limitExceeded]
            ),
            handler: block
        )
        group.route(
            .delete,
            "/users/me/blocks/{id}",
            name: "unblockUser",
            RouteDescription(
                "Blocks somebody no longer",
                .users,
                body: .nothing,
                answers: [.noContent]
            ),
            handler: unblock
        )
    }

    private func contacts(
        _ request: HTTPRequest,
        _ context: APIContext,
        _ query: RequestQuery
    ) async throws -> HTTPResponse {
        let (caller, limit) = (try context.requireCaller().user, try query.limit())
        let page = try await relations.contacts(of: caller, limit: limit, cursor: query["cursor"])
        return .list(page.items, limit: limit, next: page.next) { $0.user($1, withEmail: false) }
    }

    private func addContact(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let (caller, other) = try pair(request, context)
        try await relations.addContact(other, of: caller)
        return HTTPResponse(.noContent)
    }

    private func removeContact(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let (caller, other) = try pair(request, context)
        try await relations.removeContact(other, of: caller)
        return HTTPResponse(.noContent)
    }

    private func blocks(
        _ request: HTTPRequest,
        _ context: APIContext,
        _ query: RequestQuery
    ) async throws
        -> HTTPResponse
    {
        let (caller, limit) = (try context.requireCaller().user, try query.limit())
        let page = try await relations.blocks(of: caller, limit: limit, cursor: query["cursor"])
        return .list(page.items, limit: limit, next: page.next) { $0.user($1, withEmail: false) }
    }

    private func block(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let (caller, other) = try pair(request, context)
        // Asked before it: once there is a block, what is told of the one does not reach the other.
        let before = await observer.present(of: [caller, other])
        try await change {
            try await relations.block(other, by: caller)
        } tell: {
            observer.blockBegan(between: [caller, other], before: before)
        }
        return HTTPResponse(.noContent)
    }

    private func unblock(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let (caller, other) = try pair(request, context)
        try await change {
            try await relations.unblock(other, by: caller)
        } tell: {
            observer.blockEnded(between: [caller, other])
        }
        return HTTPResponse(.noContent)
    }

    /// Tells of a change that was made, and of one of which that is not known.
    private func change(_ make: () async throws -> Bool, tell: () -> Void) async throws {
        do {
            if try await make() { tell() }
        } catch let error as StoreError where error.outcome == .unknown {
            tell()
            throw error
        }
    }

    /// The caller and whom the path names, who must be two.
    private func pair(_ request: HTTPRequest, _ context: APIContext) throws -> (UserID, UserID) {
        let caller = try context.requireCaller().user
        try request.refuseFields()
        let other = UserID(rawValue: try context.core.parameters.integer("id"))
        guard other != caller else { throw Failure(.invalidValue, "id: must be somebody else") }
        return (caller, other)
    }
}
