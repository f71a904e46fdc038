internal import Domain
internal import IOCore
internal import JSON
internal import Messaging
internal import Security
internal import Web

/// Turns what handlers throw into problems: the one place where failures meet HTTP.
struct ProblemMiddleware: Middleware {
    let logger: Logger

    func handle(_ request: HTTPRequest, context: APIContext, next: Next<APIContext>) async throws -> HTTPResponse {
        do {
            return try await next(request, context)
        } catch let failure as Failure {
            throw Problem(failure)
        } catch let error as JSONError {
            throw Problem(Failure(error))
        } catch let error as SecurityError {
            throw Problem(Failure(error))
        } catch let error as StoreError where error.outcome != .permanent {
            logger.warning(
                "store not available",
                ["request_id": .string(request.requestID), "error": .string(error.description)]
            )
            throw Problem(Failure(.storeUnavailable, "A store is not available; try again."))
        } catch let error as IOError where error.code == .overloaded || error.code == .shutdown {
            throw Problem(Failure(.overloaded, "The server has too much to do; try again."))
        }
        // Everything else, statements that can never succeed included, is ours: the router logs it and answers 500.
    }

    func describe(_ description: inout RouteDescription) {
        description.failures += [
            RouteFailure(.internal), RouteFailure(.storeUnavailable), RouteFailure(.overloaded),
        ]
    }
}

extension Problem {
    /// The problem of a failure; what answers 401 carries a challenge (RFC 9110, section 15.5.2).
    init(_ failure: Failure, challenge: String = #"Bearer realm="duologue""#) {
        let status = HTTPStatus(failure.code)
        self.init(
            status,
            code: failure.code.rawValue,
            detail: failure.detail,
            retryable: failure.code.isRetryable,
            retryAfter: failure.retryAfter,
            headers: status == .unauthorized ? HTTPHeaders([("WWW-Authenticate", challenge)]) : HTTPHeaders()
        )
    }
}

extension HTTPStatus {
    /// The status of each code of the contract.
    init(_ code: Failure.Code) {
        switch code {
        case .invalidJSON, .unknownField, .invalidValue, .limitExceeded: self = 400
        case .unauthenticated, .tokenExpired, .invalidCredentials: self = 401
        case .forbidden, .blocked: self = 403
        case .notFound, .chatNotFound, .messageNotFound, .userNotFound: self = 404
        case .methodNotAllowed: self = 405
        case .conflict, .usernameTaken, .emailTaken, .lastOwner, .inFlight: self = 409
        case .payloadTooLarge: self = 413
        case .unsupportedMediaType: self = 415
        case .empty, .tooLong, .invalidContent, .idempotencyMismatch: self = 422
        case .rateLimited: self = 429
        case .internal: self = 500
        case .storeUnavailable, .overloaded: self = 503
        }
    }
}

extension Failure {
    /// The failure of a credential, a name or a password that was refused.
    init(_ error: SecurityError) {
        switch error.code {
        case .invalid: self.init(.unauthenticated, error.message)
        case .expired: self.init(.tokenExpired, error.message)
        case .weakPassword, .invalidUsername, .invalidEmailAddress: self.init(.invalidValue, error.message)
        case .hashingFailed: self.init(.overloaded, "The server has too much to do; try again.")
        case .invalidConfiguration: self.init(.internal, "The server is not set up for this.")
        }
    }
}
