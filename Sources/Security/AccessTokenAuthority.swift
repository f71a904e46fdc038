package import Domain
import Hashing
import JSON

/// Issues and verifies access tokens: JWTs (RFC 7519) signed with HS256 and nothing else, by Duologue for Duologue.
///
/// The algorithm is pinned, so a token cannot choose how it is verified (RFC 8725, section 3.1). Time is the caller's.
package struct AccessTokenAuthority: Sendable {
    /// Longer tokens are refused unread.
    package static let maximumByteCount = 4_096

    private static let name = "duologue"
    private static let header = Array(Base64URL.encode(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8)).utf8)
    private static let dot = UInt8(ascii: ".")
    /// The years 1970 to 9999, in which arithmetic cannot overflow.
    private static let plausibleSeconds: ClosedRange<Int64> = 0...253_402_300_799

    private let key: HMACSHA256
    private let lifetime: Duration
    private let leewayMilliseconds: Int64

    /// Tokens live for `lifetime`, in whole seconds, and are taken for `leeway` more where clocks may differ.
    package init(secret: SigningSecret, lifetime: Duration = .seconds(900), leeway: Duration = .zero) {
        key = secret.key
        self.lifetime = lifetime
        leewayMilliseconds = leeway.components.seconds * 1_000 + leeway.components.attoseconds / 1_000_000_000_000_000
    }

    /// A new token for `user` in `session`, and its signed text.
    package func issue(
        user: UserID,
        session: SessionID,
        now: Timestamp,
        tokenID: String? = nil
    ) -> (token: AccessToken, text: String) {
        let token = AccessToken(user: user, session: session, issuedAt: now, lifetime: lifetime, tokenID: tokenID)
        return (token, sign(token))
    }

    /// The signed text of `token`.
    package func sign(_ token: AccessToken) -> String {
        var claims = JSONWriter()
        claims.beginObject()
        claims.key("iss")
        claims.string(Self.name)
        claims.key("aud")
        claims.string(Self.name)
        claims.key("sub")
        claims.string(token.user.description)
        claims.key("sid")
        claims.string(token.session.description)
        claims.key("iat")
        claims.integer(token.issuedAt.milliseconds / 1_000)
        claims.key("exp")
        claims.integer(token.expiresAt.milliseconds / 1_000)
        if let tokenID = token.tokenID {
            claims.key("jti")
            claims.string(tokenID)
        }
        claims.endObject()
        var text = Self.header + [Self.dot]
        text += Base64URL.encode(claims.bytes).utf8
        let signature = Base64URL.encode(key.authenticate(text.span))
        text.append(Self.dot)
        text += signature.utf8
        return String(decoding: text, as: UTF8.self)
    }

    /// The claims of `text` at `now`; takes a few microseconds.
    ///
    /// Throws `invalid` for whatever this authority did not issue, and `expired` only for what it did. The claims are not
    /// looked at before the signature is proven, and the signature is compared in constant time.
    package func verify(_ text: String, now: Timestamp) throws(SecurityError) -> AccessToken {
        let token = try Self.checkClaims(of: verifiedPayload(of: text.utf8.span))
        guard now.milliseconds - leewayMilliseconds < token.expiresAt.milliseconds else {
            throw SecurityError(.expired, "the access token has expired")
        }
        return token
    }

    // MARK: Signature

    private func verifiedPayload(of text: Span<UInt8>) throws(SecurityError) -> [UInt8] {
        guard text.count <= Self.maximumByteCount, let dots = Self.dots(in: text) else { throw Self.invalid }
        let header = text.extracting(0..<dots.first)
        let payload = text.extracting(dots.first + 1..<dots.second)
        let signature = text.extracting(dots.second + 1..<text.count)
        guard Self.isAcceptable(header: header), let claimed = Base64URL.decode(signature),
            constantTimeEquals(claimed, key.authenticate(text.extracting(0..<dots.second))),
            let claims = Base64URL.decode(payload)
        else { throw Self.invalid }
        return claims
    }

    /// The places of the dots, or nil unless there are exactly two.
    private static func dots(in text: Span<UInt8>) -> (first: Int, second: Int)? {
        var first: Int?
        var second: Int?
        for index in text.indices where text[index] == dot {
            guard second == nil else { return nil }
            if first == nil { first = index } else { second = index }
        }
        guard let first, let second else { return nil }
        return (first, second)
    }

    /// Whether `header` asks for just what this authority does; its own spelling needs no decoding.
    private static func isAcceptable(header: Span<UInt8>) -> Bool {
        if constantTimeEquals(header, Self.header.span) { return true }
        guard let bytes = Base64URL.decode(header), case .object(let fields)? = try? JSONValue(parsing: bytes) else {
            return false
        }
        // "crit" names extensions that must be understood, and none is (RFC 7515, section 4.1.11).
        return fields["alg"] == .string("HS256") && [nil, .string("JWT")].contains(fields["typ"])
            && fields["crit"] == nil
    }

    // MARK: Claims

    private static func checkClaims(of payload: [UInt8]) throws(SecurityError) -> AccessToken {
        guard case .object(let claims)? = try? JSONValue(parsing: payload),
            claims["iss"] == .string(name), claims["aud"] == .string(name),
            case .string(let subject)? = claims["sub"], let user = userID(subject),
            case .string(let sessionText)? = claims["sid"], let session = SessionID(sessionText),
            case .integer(let issuedAt)? = claims["iat"], plausibleSeconds.contains(issuedAt),
            case .integer(let expiresAt)? = claims["exp"], plausibleSeconds.contains(expiresAt)
        else { throw invalid }
        var tokenID: String?
        switch claims["jti"] {
        case nil: break
        case .string(let name)?: tokenID = name
        default: throw invalid
        }
        return AccessToken(
            user: user,
            session: session,
            issuedAtSeconds: issuedAt,
            expiresAtSeconds: expiresAt,
            tokenID: tokenID
        )
    }

    /// The user that `text` names in the one spelling that ``sign(_:)`` uses.
    private static func userID(_ text: String) -> UserID? {
        guard let value = Int64(text), value > 0, String(value) == text else { return nil }
        return UserID(rawValue: value)
    }

    private static var invalid: SecurityError { SecurityError(.invalid, "the access token is not valid") }
}
