internal import Domain
internal import Web

/// The parts of the document.
enum Tag: String {
    case accounts, users, chats, messages, reactions, threads, search, realtime, operations
    case readState = "read state"
}

extension RouteDescription {
    /// A route of the API, with the codes it may refuse with beside those that every route has.
    ///
    /// An idempotent one does what a request says once, however often it comes under the same key.
    init(
        _ summary: String,
        _ tag: Tag,
        path: [RouteParameter] = [],
        query: [RouteParameter] = [],
        body: RouteBody? = nil,
        isIdempotent: Bool = false,
        answers: [RouteAnswer],
        failures: [Failure.Code] = [],
        limits: RequestLimits = .standard,
        rateClass: RateClass? = nil
    ) {
        let codes = failures + (isIdempotent ? [.inFlight, .idempotencyMismatch] : [])
        self.init(
            summary,
            tag: tag.rawValue,
            path: path,
            query: query,
            headers: isIdempotent ? [.idempotencyKey] : [],
            body: body,
            answers: answers,
            failures: codes.map(RouteFailure.init),
            limits: limits
        )
        self.rateClass = rateClass?.rawValue
    }

    /// The same, with what its method, its pattern and its query bring along.
    func completed(for method: HTTPMethod, _ pattern: String) -> RouteDescription {
        var description = self
        let names = pattern.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
        for name in names where !path.contains(where: { $0.name == name }) {
            description.path.append(.inPath(name))
        }
        var codes: [Failure.Code] = [.invalidValue, .unknownField]
        if method != .get { codes += [.invalidJSON, .unsupportedMediaType] }
        if query.contains(where: { $0.name == "limit" }) { codes.append(.limitExceeded) }
        description.failures += codes.map(RouteFailure.init)
        description.rateClass = rateClass ?? (method == .get ? RateClass.read : .write).rawValue
        return description.withRefusalsOfConnection()
    }

    /// The same, with what the connection refuses before any route is asked.
    func withRefusalsOfConnection() -> RouteDescription {
        var description = self
        description.failures += [
            RouteFailure(.badRequest, Failure.Code.invalidValue.rawValue),
            RouteFailure(408, Failure.Code.limitExceeded.rawValue), RouteFailure(.payloadTooLarge),
            RouteFailure(414, Failure.Code.limitExceeded.rawValue),
            RouteFailure(431, Failure.Code.limitExceeded.rawValue), RouteFailure(.overloaded),
        ]
        return description
    }
}

extension RouteFailure {
    /// A code of the contract under its status.
    init(_ code: Failure.Code) { self.init(HTTPStatus(code), code.rawValue) }
}

extension RouteBody {
    /// None, or an empty object.
    static let nothing = RouteBody(.named("Nothing", .object([], isClosed: true)), isRequired: false)
}

extension RouteParameter {
    static let limit = RouteParameter("limit", .integer(1...100), "Most items of the page; 50 unless said.")
    static let cursor = RouteParameter("cursor", .text, "The `next` of an earlier page.")
    static let page = RouteParameter("page", .id, "The number of a page, from 1; not with `cursor`.")
    static let idempotencyKey = RouteParameter(
        "Idempotency-Key",
        .text(matching: "^[!-~]{1,255}$"),
        "The same key and request again is not done again: a send answers its first result, a change what is there by now."
    )

    /// The parameters of patterns, whose names mean the same everywhere.
    static func inPath(_ name: String) -> RouteParameter {
        switch name {
        case "id", "user_id": RouteParameter(name, .id)
        case "message_id": RouteParameter(name, .messageID)
        case "emoji": RouteParameter(name, .emoji, "One emoji, percent-encoded.")
        default: preconditionFailure("the description of the route says nothing about \(name)")
        }
    }
}

extension RequestLimits {
    /// For what holds a message: 10,000 characters, each escaped, its attachments and mentions.
    static let message = RequestLimits(bodyBytes: 256 * 1024, answerTimeout: .seconds(30))
    /// For what lists people, a thousand numbers, and for descriptions: 2,000 characters, each escaped.
    static let list = RequestLimits(bodyBytes: 64 * 1024, answerTimeout: .seconds(30))
}
