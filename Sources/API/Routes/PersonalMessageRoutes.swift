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
        let (hidden, saved, draft) = (
            "/messages/{message_id}/hidden", "/messages/{message_id}/saved", "/chats/{id}/draft"
        )
        group.route(.put, hidden, name: "hideMessage") { [self] in try await hide($0, $1, true) }
        group.route(.delete, hidden, name: "unhideMessage") { [self] in try await hide($0, $1, false) }
        group.route(.put, saved, name: "saveMessage") { [self] in try await save($0, $1, true) }
        group.route(.delete, saved, name: "unsaveMessage") { [self] in try await save($0, $1, false) }
        group.route(.get, "/users/me/saved", name: "listSaved", query: ["limit", "cursor"], handler: list)
        group.route(.get, draft, name: "getDraft", handler: getDraft)
        group.route(.put, draft, name: "putDraft", handler: putDraft)
        group.route(.delete, draft, name: "removeDraft", handler: removeDraft)
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
