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

    private let key: HMACSHA256
    private let lifetimeSeconds: Int64
    private let leewaySeconds: Int64

    /// Tokens live for `lifetime`; verifiers whose clocks run ahead grant `leeway` more. Both in whole seconds.
    package init(secret: SigningSecret, lifetime: Duration = .seconds(900), leeway: Duration = .zero) {
        key = secret.key
        lifetimeSeconds = lifetime.components.seconds
        leewaySeconds = leeway.components.seconds
    }

    /// What a token issued at `now`, in seconds since 1970, will say.
    package func claims(userID: Int64, sessionID: String, now: Int64, tokenID: String? = nil) -> AccessToken {
        AccessToken(
            userID: userID,
            sessionID: sessionID,
            issuedAt: now,
            expiresAt: now + lifetimeSeconds,
            tokenID: tokenID
        )
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
        claims.string(String(token.userID))
        claims.key("sid")
        claims.string(token.sessionID)
        claims.key("iat")
        claims.integer(token.issuedAt)
        claims.key("exp")
        claims.integer(token.expiresAt)
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

    /// The claims of `text` at `now`, in seconds since 1970.
    ///
    /// Throws `invalid` for whatever this authority did not issue, and `expired` only for what it did. The claims are not
    /// looked at before the signature is proven, and the signature is compared in constant time.
    package func verify(_ text: String, now: Int64) throws(SecurityError) -> AccessToken {
        let token = try Self.checkClaims(of: verifiedPayload(of: text.utf8.span))
        guard now - leewaySeconds < token.expiresAt else {
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
        return fields["alg"] == .string("HS256") && [nil, .string("JWT")].contains(fields["typ"]) && fields["crit"] == nil
    }

    // MARK: Claims

    private static func checkClaims(of payload: [UInt8]) throws(SecurityError) -> AccessToken {
        guard case .object(let claims)? = try? JSONValue(parsing: payload),
            claims["iss"] == .string(name), claims["aud"] == .string(name),
            case .string(let subject)? = claims["sub"], let userID = Int64(subject), String(userID) == subject,
            case .string(let sessionID)? = claims["sid"], isUUID(sessionID),
            case .integer(let issuedAt)? = claims["iat"], case .integer(let expiresAt)? = claims["exp"]
        else { throw invalid }
        var tokenID: String?
        switch claims["jti"] {
        case nil: break
        case .string(let name)?: tokenID = name
        default: throw invalid
        }
        return AccessToken(
            userID: userID,
            sessionID: sessionID,
            issuedAt: issuedAt,
            expiresAt: expiresAt,
            tokenID: tokenID
        )
    }

    private static func isUUID(_ text: String) -> Bool {
        let utf8 = text.utf8.span
        guard utf8.count == 36 else { return false }
        for index in utf8.indices {
            switch (index, utf8[index]) {
            case (8, UInt8(ascii: "-")), (13, UInt8(ascii: "-")), (18, UInt8(ascii: "-")), (23, UInt8(ascii: "-")): break
            case (8, _), (13, _), (18, _), (23, _): return false
            case (_, UInt8(ascii: "0")...UInt8(ascii: "9")), (_, UInt8(ascii: "a")...UInt8(ascii: "f")),
                (_, UInt8(ascii: "A")...UInt8(ascii: "F")):
                break
            default: return false
            }
        }
        return true
    }

    private static var invalid: SecurityError { SecurityError(.invalid, "the access token is not valid") }
}
