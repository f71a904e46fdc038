internal import Domain
internal import Messaging
internal import Web

/// Counts a request against the quota of its class: the caller's where one is known, else that of the address.
///
/// Answers tell the quota and what is left of it (draft-ietf-httpapi-ratelimit-headers-09); those that were let through uncounted do
/// not. What comes behind this stage throws problems, so that refusals tell it too.
struct RateLimitMiddleware: Middleware {
    let limiter: RateLimiter

    func handle(_ request: HTTPRequest, context: APIContext, next: Next<APIContext>) async throws -> HTTPResponse {
        guard let rateClass = context.core.rateClass.flatMap(RateClass.init(rawValue:)) else {
            return try await next(request, context)
        }
        let subject = context.caller.map { .user($0.user) } ?? RateBucket.Subject(peer: request.peerAddress)
        guard let standing = try await limiter.admit(RateBucket(subject, rateClass)) else {
            return try await next(request, context)
        }
        do {
            var response = try await next(request, context)
            if case .upgrade = response.body { return response }
            response.headers.tell(standing, of: rateClass)
            return response
        } catch var problem as Problem {
            problem.headers.tell(standing, of: rateClass)
            throw problem
        }
    }

    func describe(_ description: inout RouteDescription) {
        guard description.rateClass != nil else { return }
        description.failures.append(RouteFailure(.rateLimited))
        description.tellsQuota = true
    }
}

/// Counts a request that names nobody who may come in against a quota of its address, so that tokens cannot be guessed for nothing.
///
/// All others pass uncounted: whoever shares an address with somebody who guesses is none the worse for it. Nor is a token counted
/// that was valid once, for its holder is to learn that it has expired.
struct StrangerLimitMiddleware: Middleware {
    let limiter: RateLimiter
    let rateClass: RateClass

    func handle(_ request: HTTPRequest, context: APIContext, next: Next<APIContext>) async throws -> HTTPResponse {
        do {
            return try await next(request, context)
        } catch var problem as Problem where problem.isOfStranger {
            let bucket = RateBucket(RateBucket.Subject(peer: request.peerAddress), rateClass)
            if let standing = try await limiter.admit(bucket) { problem.headers.tell(standing, of: rateClass) }
            throw problem
        }
    }

    func describe(_ description: inout RouteDescription) {
        guard description.rateClass != nil, !description.tellsQuota else { return }
        description.failures.append(RouteFailure(.rateLimited))
        description.tellsQuota = true
    }
}

extension RateLimiter {
    /// Counts the handshake of a WebSocket for its caller or, where the caller is to be named by the first frame, for its address.
    ///
    /// Throws 429 where nothing was left for it.
    func admitSocket(_ request: HTTPRequest, of caller: Caller?) async throws(Problem) {
        let subject = caller.map { .user($0.user) } ?? RateBucket.Subject(peer: request.peerAddress)
        _ = try await admit(RateBucket(subject, .read))
    }
}

extension Problem {
    /// Whether it refuses a credential that was not counted yet and was never good.
    fileprivate var isOfStranger: Bool {
        status == .unauthorized && !headers.tellQuota && code != Failure.Code.tokenExpired.rawValue
    }
}

extension RateLimiter {
    /// How much is left behind a request; nil where it was not counted.
    ///
    /// Throws 429 where nothing was left for it.
    func admit(_ bucket: RateBucket) async throws(Problem) -> RateStanding? {
        switch await take(bucket) {
        case .unchecked: return nil
        case .admitted(let standing): return standing
        case .refused(let standing, let wait):
            var problem = Problem(.tooManyRequests(bucket.rateClass, standing.quota, wait: wait))
            problem.headers.tell(standing, of: bucket.rateClass)
            throw problem
        }
    }
}

extension HTTPHeaders {
    fileprivate var tellQuota: Bool { contains("RateLimit") }

    fileprivate mutating func tell(_ standing: RateStanding, of rateClass: RateClass) {
        let (quota, window) = (standing.quota, standing.quota.window.components.seconds)
        append("RateLimit-Policy", "\"\(rateClass)\";q=\(quota.tokens);w=\(window)")
        let full = standing.remaining < quota.tokens ? standing.untilFull.secondsRoundedUp : 0
        append("RateLimit", "\"\(rateClass)\";r=\(standing.remaining);t=\(full)")
    }
}
