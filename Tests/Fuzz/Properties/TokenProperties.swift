import Domain
import Hashing
import JSON
import Security

/// What holds of access tokens: only the very text that the authority issues is verified.
///
/// The first byte of an input says whether the rest is a token, a change to a genuine one, or header and claims that are
/// signed with the right key, without which no fuzzer would ever get past the signature.
enum TokenProperties {
    private static let secret = "0123456789abcdef0123456789abcdef"
    private static let now = Timestamp(milliseconds: 1_700_000_000_000)

    static func check(_ input: [UInt8]) throws {
        let authority = AccessTokenAuthority(secret: try SigningSecret(secret))
        var recipe = FuzzInput(input)
        switch recipe.byte() % 3 {
        case 0: try checkForged(String(decoding: recipe.rest(), as: UTF8.self), authority)
        case 1: try checkChanged(&recipe, authority)
        default: try checkSigned(&recipe, authority)
        }
    }

    /// A text from outside is refused, or it is the text of a genuine token.
    private static func checkForged(_ text: String, _ authority: AccessTokenAuthority) throws {
        guard let token = try verified(text, authority) else { return }
        try FuzzFinding.unless(authority.sign(token).utf8.elementsEqual(text.utf8), "verified: \(text)")
    }

    /// A genuine token with anything replaced in it is refused.
    private static func checkChanged(_ recipe: inout FuzzInput, _ authority: AccessTokenAuthority) throws {
        guard let session = SessionID("2f1e7a52-7e9b-4b5c-9a6a-3c1f0f3a4b5c") else { return }
        let user = UserID(rawValue: Int64(recipe.integer(UInt32.self)) + 1)
        let genuine = authority.issue(user: user, session: session, now: now)
        guard try verified(genuine.text, authority) == genuine.token else { throw FuzzFinding("a genuine one refused") }
        var changed = Array(genuine.text.utf8)
        while !recipe.isEmpty {
            let start = Int(recipe.integer(UInt16.self)) % changed.count
            let end = min(changed.count, start + recipe.below(48))
            changed.replaceSubrange(start..<end, with: recipe.bytes(atMost: 48))
            if changed.isEmpty { changed = [UInt8(ascii: ".")] }
        }
        let text = String(decoding: changed, as: UTF8.self)
        guard text != genuine.text else { return }
        try FuzzFinding.unless(try verified(text, authority) == nil, "verified: \(text)")
    }

    /// Rightly signed, a token is verified only with a header of ours and whole claims of ours.
    private static func checkSigned(_ recipe: inout FuzzInput, _ authority: AccessTokenAuthority) throws {
        let header = recipe.bytes()
        let claims = recipe.rest()
        let signed = Base64URL.encode(header) + "." + Base64URL.encode(claims)
        let signature = HMACSHA256.authenticate(message: Array(signed.utf8), key: Array(secret.utf8))
        guard let token = try verified(signed + "." + Base64URL.encode(signature), authority) else { return }
        let head = String(decoding: header, as: UTF8.self)
        try FuzzFinding.unless(head.contains("alg") || head.contains("\\u"), "the header \(head)")
        guard case .object(let fields) = try JSONValue(parsing: header), fields["alg"] == .string("HS256") else {
            throw FuzzFinding("the header \(head)")
        }
        guard case .object(let object) = try JSONValue(parsing: claims) else {
            throw FuzzFinding("claims that are none")
        }
        try FuzzFinding.unless(
            object["iss"] == .string("duologue") && object["aud"] == .string("duologue")
                && object["sub"] == .string(token.user.description) && token.user.rawValue > 0
                && object["exp"] == .integer(token.expiresAt.milliseconds / 1_000) && token.expiresAt > now,
            "the claims \(object)"
        )
        // What was understood, signed by us, says the same; but escaped it may be longer than a token may be.
        let again = authority.sign(token)
        guard again.utf8.count <= AccessTokenAuthority.maximumByteCount else { return }
        guard try verified(again, authority) == token else { throw FuzzFinding("\(token) again") }
    }

    /// The token, or nil where it is refused as it must be.
    private static func verified(_ text: String, _ authority: AccessTokenAuthority) throws(FuzzFinding) -> AccessToken?
    {
        do throws(SecurityError) {
            return try authority.verify(text, now: now)
        } catch {
            try FuzzFinding.unless(error.code == .invalid || error.code == .expired, "\(error)")
            return nil
        }
    }
}
