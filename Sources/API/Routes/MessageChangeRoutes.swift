internal import Domain
internal import JSON
internal import Messaging
internal import Web

/// One message: reading, editing, deleting, restoring it, and its thread.
final class MessageChangeRoutes {
    private let messages: MessageService

    init(messages: MessageService) { self.messages = messages }

    func register(on group: RouteGroup<APIContext>) {
        group.route(
            .get,
            "/messages/{message_id}",
            name: "getMessage",
            RouteDescription("A message", .messages, answers: [.ok(.message)], failures: Self.absence),
            handler: get
        )
        group.route(
            .put,
            "/messages/{message_id}",
            name: "editMessage",
            RouteDescription(
                "Edits a message of one's own",
                .messages,
                body: RouteBody(.edit),
                isIdempotent: true,
                answers: [.ok(.message)],
                failures: Self.absence + [.forbidden, .blocked, .limitExceeded, .empty, .tooLong, .invalidContent],
                limits: .message
            ),
            handler: edit
        )
        group.route(
            .delete,
            "/messages/{message_id}",
            name: "deleteMessage",
            RouteDescription(
                "Deletes a message for all",
                .messages,
                isIdempotent: true,
                answers: [.ok(.message)],
                failures: Self.absence + [.forbidden]
            ),
            handler: delete
        )
        group.route(
            .post,
            "/messages/{message_id}/restore",
            name: "restoreMessage",
            RouteDescription(
                "Brings a deleted message back, within a day",
                .messages,
                body: .nothing,
                isIdempotent: true,
                answers: [.ok(.message)],
                failures: Self.absence + [.forbidden, .blocked, .conflict]
            ),
            handler: restore
        )
        group.route(
            .get,
            "/messages/{message_id}/revisions",
            name: "listRevisions",
            RouteDescription(
                "What a message said before its edits",
                .messages,
                query: [.limit, .cursor],
                answers: [.ok(.revisionList)],
                failures: Self.absence
            ),
            handler: revisions
        )
        group.route(
            .get,
            "/messages/{message_id}/thread",
            name: "listReplies",
            RouteDescription(
                "The replies in a message's thread",
                .threads,
                query: HistoryQuery.threadParameters,
                answers: [.ok(.messageList)],
                failures: Self.absence
            ),
            handler: replies
        )
    }

    private static let absence: [Failure.Code] = [.chatNotFound, .messageNotFound]

    private func get(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let message = try await messages.message(context.message(), for: context.requireCaller().user)
        return .json { $0.message(message) }
    }

    private func edit(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let (caller, id) = (try context.requireCaller().user, try context.message())
        var reader = try request.object()
        let edit = try ClientFields.edit(&reader)
        try reader.finish()
        let changed = try await messages.edit(id, edit, by: caller, id: request.operationID())
        return try await messages.answer(changed, id, for: caller)
    }

    private func delete(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let (caller, id) = (try context.requireCaller().user, try context.message())
        try request.refuseFields()
        let changed = try await messages.delete(id, by: caller, id: request.operationID())
        return try await messages.answer(changed, id, for: caller)
    }

    private func restore(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let (caller, id) = (try context.requireCaller().user, try context.message())
        try request.refuseFields()
        let changed = try await messages.restore(id, by: caller, id: request.operationID())
        return try await messages.answer(changed, id, for: caller)
    }

    private func revisions(
        _ request: HTTPRequest,
        _ context: APIContext,
        _ query: RequestQuery
    ) async throws -> HTTPResponse {
        let limit = try query.limit()
        let page = try await messages.revisions(
            of: context.message(),
            for: context.requireCaller().user,
            after: Offset(rawValue: query.integer("cursor", minimum: 1) ?? 0),
            limit: limit
        )
        let next = page.hasMore ? page.revisions.last.map { "\($0.revision)" } : nil
        return .list(page.revisions, limit: limit, next: next) { $0.revision($1) }
    }

    private func replies(
        _ request: HTTPRequest,
        _ context: APIContext,
        _ query: RequestQuery
    ) async throws -> HTTPResponse {
        let history = try HistoryQuery(query)
        let page = try await messages.replies(
            to: context.message(),
            for: context.requireCaller().user,
            window: history.window,
            limit: history.limit
        )
        let next = history.next(page.numbers, hasMore: page.hasMore)
        return .list(page.messages, limit: history.limit, next: next) { $0.message($1) }
    }
}

extension MessageService {
    /// Answers a change with the message: as the change left it, or else as it is now.
    func answer(_ changed: Changed, _ id: MessageID, for user: UserID) async throws -> HTTPResponse {
        let current: Message
        if let left = changed.message {
            current = left
        } else {
            current = try await message(id, for: user, includingHidden: true)
        }
        return .json { $0.message(current, isDuplicate: changed.isDuplicate) }
    }
}
