internal import Domain
internal import JSON
internal import Messaging
internal import Web

/// Threads, and how far they are read.
final class ThreadRoutes {
    private let threads: ThreadService

    init(threads: ThreadService) { self.threads = threads }

    func register(on group: RouteGroup<APIContext>) {
        group.route(
            .get,
            "/chats/{id}/threads",
            name: "listThreads",
            RouteDescription(
                "Threads with replies, that of the newest root first",
                .threads,
                query: [.limit, .cursor],
                answers: [.ok(.threadList)],
                failures: [.chatNotFound]
            ),
            handler: list
        )
        group.route(
            .post,
            "/messages/{message_id}/thread/read",
            name: "readThread",
            RouteDescription(
                "Says how far the caller has read a thread; the mark only grows",
                .threads,
                body: RouteBody(.readMark),
                answers: [.ok(.threadReadState)],
                failures: [.chatNotFound, .messageNotFound],
                rateClass: .read
            ),
            handler: read
        )
    }

    private func list(_ request: HTTPRequest, _ context: APIContext, _ query: RequestQuery) async throws -> HTTPResponse
    {
        let limit = try query.limit()
        let page = try await threads.threads(
            of: context.chat(),
            for: context.requireCaller().user,
            limit: limit,
            cursor: query["cursor"]
        )
        return .list(page.items, limit: limit, next: page.next) { $0.thread($1.thread, $1.root) }
    }

    private func read(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let (caller, root) = (try context.requireCaller().user, try context.message())
        var reader = try request.object()
        let sequence = try ClientFields.readSequence(&reader)
        try reader.finish()
        let mark = try await threads.read(root, to: sequence, by: caller)
        return .json { writer in
            writer.beginObject()
            writer.key("message_id")
            writer.string(root.description)
            writer.key("read_seq")
            writer.integer(mark.readSequence.rawValue)
            writer.key("unread")
            writer.integer(mark.unread)
            writer.endObject()
        }
    }
}
