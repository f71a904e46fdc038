import Domain
import Hashing
import Security
import Testing

private let secretText = "0123456789abcdef0123456789abcdef"
private let sessionText = "2f1e7a52-7e9b-4b5c-9a6a-3c1f0f3a4b5c"
private let issued = Timestamp(milliseconds: 1_700_000_000_000)
private let goodHeader = #"{"alg":"HS256","typ":"JWT"}"#
private let goodClaims =
    #"{"iss":"duologue","aud":"duologue","sub":"7","sid":"\#(sessionText)","iat":1700000000,"exp":1700000900}"#

/// Signs any header and claims with HMAC-SHA-256, as an attacker who had the key could.
private func forge(header: String = goodHeader, claims: String = goodClaims, key: String = secretText) -> String {
    let signed = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
    let signature = HMACSHA256.authenticate(message: Array(signed.utf8), key: Array(key.utf8))
    return signed + "." + Base64URL.encode(signature)
}

@Suite struct AccessTokenTests {
    private let authority: AccessTokenAuthority
    private let session: SessionID

    init() throws {
        authority = AccessTokenAuthority(secret: try SigningSecret(secretText))
        session = try #require(SessionID(sessionText))
    }

    private func refusal(
        of text: String,
        now: Timestamp = issued,
        by other: AccessTokenAuthority? = nil
    ) -> SecurityError.Code? {
        do throws(SecurityError) {
            _ = try (other ?? authority).verify(text, now: now)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `what is issued is verified`() throws {
        let (token, text) = authority.issue(user: UserID(rawValue: 7), session: session, now: issued)
        #expect(try authority.verify(text, now: issued) == token)
        #expect(token.caller == Caller(user: UserID(rawValue: 7), session: session, expiresAt: token.expiresAt))
        #expect(token.expiresAt.milliseconds == issued.milliseconds + 900_000)
        #expect(text == forge())
        let named = authority.issue(user: UserID(rawValue: 7), session: session, now: issued, tokenID: "n\"1")
        #expect(try authority.verify(named.text, now: issued).tokenID == "n\"1")
    }

    /// The example of RFC 7515, appendix A.1: its signature is right, its claims are not ours.
    @Test func `the signature of the published example is understood and its claims are refused`() throws {
        let key = try #require(
            Base64URL.decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
        )
        let signed =
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
            + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        let signature = HMACSHA256.authenticate(message: Array(signed.utf8), key: key)
        #expect(Base64URL.encode(signature) == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        #expect(refusal(of: signed + "." + Base64URL.encode(signature)) == .invalid)
    }

    @Test func `a token ends at its expiry, later by the leeway only`() throws {
        let text = authority.issue(user: UserID(rawValue: 7), session: session, now: issued).text
        let end = issued.milliseconds + 900_000
        #expect(refusal(of: text, now: Timestamp(milliseconds: end - 1)) == nil)
        #expect(refusal(of: text, now: Timestamp(milliseconds: end)) == .expired)
        let lenient = AccessTokenAuthority(secret: try SigningSecret(secretText), leeway: .milliseconds(1_500))
        #expect(refusal(of: text, now: Timestamp(milliseconds: end + 1_499), by: lenient) == nil)
        #expect(refusal(of: text, now: Timestamp(milliseconds: end + 1_500), by: lenient) == .expired)
    }

    @Test func `a forged token is invalid even when it is expired as well`() {
        let later = Timestamp(milliseconds: issued.milliseconds + 1_000_000)
        #expect(refusal(of: forge(), now: later) == .expired)
        #expect(refusal(of: forge(key: "another key, also of thirty-two bytes"), now: later) == .invalid)
        let foreign = goodClaims.replacing("\"iss\":\"duologue\"", with: "\"iss\":\"other\"")
        #expect(refusal(of: forge(claims: foreign), now: later) == .invalid)
    }

    // Each is signed with the right key, so that only the header can be the reason.
    @Test(arguments: [
        #"{"alg":"none","typ":"JWT"}"#, #"{"alg":"None"}"#, #"{"alg":"HS512","typ":"JWT"}"#, #"{"alg":"RS256"}"#,
        #"{"alg":"hs256","typ":"JWT"}"#, #"{"alg":"HS256","typ":"JWE"}"#, #"{"alg":"HS256","typ":null}"#,
        #"{"alg":"HS256","crit":["exp"],"exp":1}"#, #"{"alg":"HS256","crit":[]}"#, #"{"alg":["HS256"]}"#,
        #"{"typ":"JWT"}"#,
        #"{"alg":"none","alg":"HS256"}"#, #"{"alg":"HS256","alg":"none"}"#, #"{}"#, #"[]"#, "", "HS256",
        #"{"alg":"HS256""#,
    ])
    func `a header that asks for anything else is refused`(header: String) {
        #expect(refusal(of: forge(header: header)) == .invalid)
    }

    @Test(arguments: [#"{"alg":"HS256"}"#, #"{"typ":"JWT","alg":"HS256"}"#, #"{ "alg": "HS256", "kid": "../../etc" }"#])
    func `another spelling of the same header is understood`(header: String) {
        #expect(refusal(of: forge(header: header)) == nil)
    }

    @Test func `a token without signature is refused`() {
        let claims = Base64URL.encode(Array(goodClaims.utf8))
        for header in [#"{"alg":"none"}"#, goodHeader] {
            let unsigned = Base64URL.encode(Array(header.utf8)) + "." + claims
            for text in [unsigned, unsigned + ".", unsigned + ".AAAA"] {
                #expect(refusal(of: text) == .invalid)
            }
        }
    }

    @Test func `any changed character is refused`() {
        let text = Array(forge().utf8)
        for index in text.indices {
            let replacements = [UInt8(ascii: "A"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "=")]
            for replacement in replacements where text[index] != replacement {
                var changed = text
                changed[index] = replacement
                #expect(refusal(of: String(decoding: changed, as: UTF8.self)) == .invalid)
            }
        }
    }

    @Test func `claims under the signature of other claims are refused`() {
        let parts = forge().split(separator: ".")
        let other = Base64URL.encode(Array(goodClaims.replacing("\"7\"", with: "\"1\"").utf8))
        #expect(refusal(of: "\(parts[0]).\(other).\(parts[2])") == .invalid)
    }

    @Test func `the wrong number of segments, padding and white space are refused`() {
        let text = forge()
        let parts = text.split(separator: ".").map(String.init)
        for changed in [
            "", ".", "..", "...", parts[0], "\(parts[0]).\(parts[1])", text + ".", text + ".x", "." + text, text + "=",
            "\(parts[0]).\(parts[1])=.\(parts[2])", "\(parts[0])=.\(parts[1]).\(parts[2])", " " + text, text + " ",
            text + "\n", "Bearer " + text, "..\(parts[2])",
        ] {
            #expect(refusal(of: changed) == .invalid)
        }
    }

    @Test func `padded segments are refused though the signature covers them`() {
        let claims = goodClaims + String(repeating: " ", count: 4 - goodClaims.utf8.count % 3)
        let signed = Base64URL.encode(Array(goodHeader.utf8)) + "." + Base64.encode(Array(claims.utf8))
        #expect(signed.hasSuffix("="))
        let signature = HMACSHA256.authenticate(message: Array(signed.utf8), key: Array(secretText.utf8))
        #expect(refusal(of: signed + "." + Base64URL.encode(signature)) == .invalid)
    }

    @Test(arguments: [
        ("\"iss\":\"duologue\"", "\"iss\":\"evil\""), ("\"aud\":\"duologue\"", "\"aud\":\"evil\""),
        ("\"aud\":\"duologue\"", "\"aud\":[\"duologue\"]"), ("\"iss\":\"duologue\",", ""),
        ("\"aud\":\"duologue\",", ""), ("\"sub\":\"7\",", ""), ("\"sid\":\"\(sessionText)\",", ""),
        ("\"iat\":1700000000,", ""), (",\"exp\":1700000900", ""), ("\"7\"", "7"), ("\"7\"", "\"07\""),
        ("\"7\"", "\"+7\""), ("\"7\"", "\"-7\""), ("\"7\"", "\"0\""), ("\"7\"", "\"\""),
        ("\"7\"", "\"9223372036854775808\""), ("1700000900", "\"1700000900\""), ("1700000900", "1700000900.5"),
        ("1700000900", "1e400"), ("1700000900", "9223372036854775807"), ("1700000900", "-1"), ("1700000900", "null"),
        (sessionText, "not-a-uuid"), ("}", ",\"jti\":1}"), ("}", ",\"exp\":1900000000}"), ("}", ""), ("{", "[{"),
    ])
    func `claims that are missing, wrong or malformed are refused`(original: String, changed: String) {
        let claims = goodClaims.replacing(original, with: changed)
        #expect(claims != goodClaims)
        #expect(refusal(of: forge(claims: claims)) == .invalid)
    }

    @Test func `a huge token is refused unread`() {
        let room = AccessTokenAuthority.maximumByteCount
        let padded = goodClaims.replacing("}", with: ",\"x\":\"\(String(repeating: "x", count: room))\"}")
        #expect(refusal(of: forge(claims: padded)) == .invalid)
        #expect(refusal(of: String(repeating: ".", count: 10_000_000)) == .invalid)
        let fitting = goodClaims.replacing("}", with: ",\"x\":\"\(String(repeating: "x", count: room / 2))\"}")
        #expect(refusal(of: forge(claims: fitting)) == nil)
    }

    @Test func `another key refuses the token`() throws {
        let other = AccessTokenAuthority(secret: try SigningSecret("fedcba9876543210fedcba9876543210"))
        #expect(refusal(of: forge(), by: other) == .invalid)
    }

    @Test func `a short secret is refused with how to mend it`() throws {
        do throws(SecurityError) {
            _ = try SigningSecret(String(repeating: "k", count: 31))
            Issue.record("accepted")
        } catch {
            #expect(error.code == .invalidConfiguration)
            #expect(error.message.contains("SECRET_KEY"))
            #expect(error.message.contains("openssl rand -hex 32"))
            #expect(!error.message.contains("kkk"))
        }
        #expect(!String(reflecting: try SigningSecret(secretText)).contains("0123"))
    }
}
