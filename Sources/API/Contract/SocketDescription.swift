internal import Domain
internal import Web

/// How the document describes the handshakes of WebSockets; what is said over them has a page of its own in docs.
enum SocketDescription {
    private static let query = [
        RouteParameter("ticket", .text, "From `POST /ws/ticket`, in place of a token."),
        RouteParameter("resume", .words(["0", "1"]), "1 where a `resume` frame follows."),
    ]
    /// A token does not belong there; that is the gateway's to say.
    private static let names = Set(query.map(\.name) + ["access_token", "token"])

    /// Refuses what the query of a handshake does not know, as `RequestQuery` does.
    static func checkQuery(_ request: HTTPRequest) throws { _ = try RequestQuery(request, names: names) }

    static func make(_ summary: String, path: [RouteParameter] = []) -> RouteDescription {
        var description = RouteDescription(
            summary,
            .realtime,
            path: path,
            query: query,
            answers: [RouteAnswer(101, "The connection is a WebSocket from here on.")],
            failures: [.unauthenticated, .tokenExpired, .forbidden, .invalidValue, .unknownField],
            rateClass: .read
        ).withRefusalsOfConnection()
        description.failures.append(RouteFailure(426, Failure.Code.invalidValue.rawValue))
        description.headers = ["Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"].map {
            RouteParameter($0, .text, isRequired: true)
        }
        return description
    }
}
