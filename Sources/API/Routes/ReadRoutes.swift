internal import Domain
internal import JSON
internal import Messaging
internal import Web

/// How far people have read.
final class ReadRoutes {
    private let reads: ReadMarkService

    init(reads: ReadMarkService) {
        self.reads = reads
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
                failures: [.chatNotFound]
            ),
            handler: read
        )
        group.route(
            .get,
            "/chats/{id}/receipts",
            name: "listReceipts",
            RouteDescription(
                "How far each member has read",
                .readState,
                query: [.limit, .cursor],
                answers: [.ok(.receiptList)],
                failures: [.chatNotFound]
            ),
            handler: receipts
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
            writer.endObject()
        }
    }

    private func receipts(
        _ request: HTTPRequest,
        _ context: APIContext,
        _ query: RequestQuery
    ) async throws -> HTTPResponse {
        let limit = try query.limit()
        let page = try await reads.receipts(
            of: context.chat(),
            for: context.requireCaller().user,
            limit: limit,
            cursor: query["cursor"]
        )
        return .list(page.items, limit: limit, next: page.next) { writer, mark in
            writer.beginObject()
            writer.key("user_id")
            writer.integer(mark.user.rawValue)
            writer.key("read_seq")
            writer.integer(mark.sequence.rawValue)
            writer.endObject()
        }
    }
}
