internal import Domain
internal import JSON
internal import Messaging
internal import Web

/// How far people have read, what waits for them, and their own settings of a chat.
final class ReadRoutes {
    private let reads: ReadMarkService
    private let memberships: MembershipService

    init(reads: ReadMarkService, memberships: MembershipService) {
        self.reads = reads
        self.memberships = memberships
    }

    func register(on group: RouteGroup<APIContext>) {
        group.route(
            .post,
            "/chats/{id}/read",
            name: "readChat",
            RouteDescription(
                "Says how far the caller has read; the mark only grows",
                .readState,
                body: RouteBody(.readMark),
                answers: [.ok(.readState)],
                failures: [.chatNotFound],
                rateClass: .read
            ),
            handler: read
        )
        group.route(
            .get,
            "/chats/{id}/receipts",
            name: "listReceipts",
            RouteDescription(
                "How far each member has read, or who has read one message",
                .readState,
                query: [.readMessage, .limit, .cursor],
                answers: [.ok(.receiptList)],
                failures: [.chatNotFound, .messageNotFound]
            ),
            handler: receipts
        )
        group.route(
            .get,
            "/unread",
            name: "listUnread",
            RouteDescription(
                "What waits for the caller: sums over all chats, and the chats it waits in",
                .readState,
                query: [.limit, .cursor],
                answers: [.ok(.unreadSummary)]
            ),
            handler: unread
        )
        group.route(
            .put,
            "/chats/{id}/my",
            name: "changeMyChat",
            RouteDescription(
                "Changes the caller's own settings of a chat",
                .chats,
                body: RouteBody(.membershipChange),
                answers: [.ok(.membership)],
                failures: [.chatNotFound]
            ),
            handler: changeMine
        )
    }

    private func read(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let (caller, chat) = (try context.requireCaller().user, try context.chat())
        var reader = try request.object()
        let sequence = try ClientFields.readSequence(&reader)
        try reader.finish()
        let progress = try await reads.read(ReadMark(chat: chat, user: caller, sequence: sequence))
        return .json { writer in
            writer.beginObject()
            writer.key("chat_id")
            writer.integer(chat.rawValue)
            writer.key("read_seq")
            writer.integer(progress.readSequence.rawValue)
            writer.key("unread")
            writer.integer(progress.unread)
            writer.key("mentions")
            writer.integer(progress.mentions)
            writer.endObject()
        }
    }

    private func receipts(
        _ request: HTTPRequest,
        _ context: APIContext,
        _ query: RequestQuery
    ) async throws -> HTTPResponse {
        let limit = try query.limit()
        let (caller, chat, cursor) = (try context.requireCaller().user, try context.chat(), query["cursor"])
        let page: Page<ReadMark>
        if let number = try query.integer("seq", minimum: 1) {
            let message = MessageID(chat: chat, sequence: SequenceNumber(rawValue: number))
            page = try await reads.readers(of: message, for: caller, limit: limit, cursor: cursor)
        } else {
            page = try await reads.receipts(of: chat, for: caller, limit: limit, cursor: cursor)
        }
        return .list(page.items, limit: limit, next: page.next) { writer, mark in
            writer.beginObject()
            writer.key("user_id")
            writer.integer(mark.user.rawValue)
            writer.key("read_seq")
            writer.integer(mark.sequence.rawValue)
            writer.endObject()
        }
    }

    private func unread(
        _ request: HTTPRequest,
        _ context: APIContext,
        _ query: RequestQuery
    ) async throws -> HTTPResponse {
        let limit = try query.limit()
        let caller = try context.requireCaller().user
        let summary = try await reads.unread(of: caller, limit: limit, cursor: query["cursor"])
        return .json { writer in
            writer.beginObject()
            writer.key("total")
            writer.integer(summary.total)
            writer.key("mentions")
            writer.integer(summary.mentions)
            writer.key("items")
            writer.beginArray()
            for chat in summary.chats.items { writer.unreadChat(chat) }
            writer.endArray()
            writer.key("limit")
            writer.integer(limit)
            writer.key("next")
            writer.string(summary.chats.next)
            writer.endObject()
        }
    }

    private func changeMine(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let (caller, chat) = (try context.requireCaller().user, try context.chat())
        var reader = try request.object()
        let change = try ClientFields.membershipChange(&reader)
        try reader.finish()
        let my = try await memberships.change(change, of: chat, for: caller)
        return .json { $0.membership(my) }
    }
}

extension JSONWriter {
    fileprivate mutating func unreadChat(_ chat: UnreadChat) {
        beginObject()
        key("chat_id")
        integer(chat.chat.rawValue)
        key("unread")
        integer(chat.unread)
        key("mentions")
        integer(chat.mentions)
        key("marked_unread")
        bool(chat.isMarkedUnread)
        endObject()
    }
}
