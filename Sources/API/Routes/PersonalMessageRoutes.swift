internal import Domain
internal import JSON
internal import Messaging
internal import Web

/// What a member keeps of a chat alone: messages hidden and saved, and a draft.
final class PersonalMessageRoutes {
    private let personal: PersonalMessageService
    private let drafts: DraftService

    init(personal: PersonalMessageService, drafts: DraftService) {
        self.personal = personal
        self.drafts = drafts
    }

    func register(on group: RouteGroup<APIContext>) {
        registerMarks(on: group)
        registerDrafts(on: group)
    }

    private func registerMarks(on group: RouteGroup<APIContext>) {
        let (hidden, saved) = ("/messages/{message_id}/hidden", "/messages/{message_id}/saved")
        let (unhiding, unsaving) = (Self.mark("Shows a message again"), Self.mark("Keeps a message no longer"))
        group.route(.put, hidden, name: "hideMessage", Self.mark("Deletes a message for the caller alone", .nothing)) {
            [self] in try await hide($0, $1, true)
        }
        group.route(.delete, hidden, name: "unhideMessage", unhiding) { [self] in try await hide($0, $1, false) }
        group.route(.put, saved, name: "saveMessage", Self.mark("Keeps a message to find again", .nothing)) {
            [self] in try await save($0, $1, true)
        }
        group.route(.delete, saved, name: "unsaveMessage", unsaving) { [self] in try await save($0, $1, false) }
        group.route(
            .get,
            "/users/me/saved",
            name: "listSaved",
            RouteDescription(
                "What the caller keeps, the latest first",
                .messages,
                query: [.limit, .cursor],
                answers: [.ok(.savedList)]
            ),
            handler: list
        )
    }

    private func registerDrafts(on group: RouteGroup<APIContext>) {
        let path = "/chats/{id}/draft"
        group.route(
            .get,
            path,
            name: "getDraft",
            RouteDescription(
                "The caller's draft",
                .messages,
                answers: [.ok(.draft)],
                failures: [.chatNotFound, .notFound]
            ),
            handler: getDraft
        )
        group.route(
            .put,
            path,
            name: "putDraft",
            RouteDescription(
                "Replaces the caller's draft",
                .messages,
                body: RouteBody(.newDraft),
                answers: [.ok(.draft)],
                failures: [.chatNotFound, .messageNotFound, .empty, .tooLong, .invalidContent],
                limits: .message
            ),
            handler: putDraft
        )
        group.route(
            .delete,
            path,
            name: "removeDraft",
            RouteDescription("Forgets the caller's draft", .messages, answers: [.noContent], failures: [.chatNotFound]),
            handler: removeDraft
        )
    }

    private static func mark(_ summary: String, _ body: RouteBody? = nil) -> RouteDescription {
        RouteDescription(
            summary,
            .messages,
            body: body,
            answers: [.noContent],
            failures: [.chatNotFound, .messageNotFound, .limitExceeded]
        )
    }

    private func hide(_ request: HTTPRequest, _ context: APIContext, _ isHidden: Bool) async throws -> HTTPResponse {
        let (caller, id) = (try context.requireCaller().user, try context.message())
        try request.refuseFields()
        try await personal.hide(id, isHidden, for: caller)
        return HTTPResponse(.noContent)
    }

    private func save(_ request: HTTPRequest, _ context: APIContext, _ isSaved: Bool) async throws -> HTTPResponse {
        let (caller, id) = (try context.requireCaller().user, try context.message())
        try request.refuseFields()
        try await personal.save(id, isSaved, for: caller)
        return HTTPResponse(.noContent)
    }

    private func list(_ request: HTTPRequest, _ context: APIContext, _ query: RequestQuery) async throws -> HTTPResponse
    {
        let limit = try query.limit()
        let caller = try context.requireCaller().user
        let page = try await personal.saved(by: caller, limit: limit, cursor: query["cursor"])
        return .list(page.items, limit: limit, next: page.next) { $0.saved($1.saved, $1.message) }
    }

    // MARK: Drafts

    private func getDraft(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let draft = try await drafts.draft(in: context.chat(), of: context.requireCaller().user)
        return .json { $0.draft(draft) }
    }

    private func putDraft(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let (caller, chat) = (try context.requireCaller().user, try context.chat())
        var reader = try request.object()
        let (content, replyTo) = try ClientFields.draft(&reader, chat: chat)
        try reader.finish()
        let draft = try await drafts.put(content, replyingTo: replyTo, in: chat, of: caller)
        return .json { $0.draft(draft) }
    }

    private func removeDraft(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let (caller, chat) = (try context.requireCaller().user, try context.chat())
        try request.refuseFields()
        try await drafts.remove(in: chat, of: caller)
        return HTTPResponse(.noContent)
    }
}
