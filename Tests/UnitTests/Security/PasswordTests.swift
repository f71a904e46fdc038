import Security
import Testing

/// As cheap as Argon2id goes, to keep the tests quick.
private let cheap = PasswordHasher.Parameters(operations: 1, memoryBytes: 8_192)

@Suite struct PasswordTests {
    @Test func `a password is verified and another is not`() throws {
        let hasher = try PasswordHasher(parameters: cheap)
        let hash = try hasher.hash("correct horse")
        #expect(hash.hasPrefix("$argon2id$v=19$m=8,t=1,p=1$"))
        #expect(hasher.verify("correct horse", against: hash))
        for wrong in ["", "correct hors", "correct horse ", "Correct horse", "correct horse\0"] {
            #expect(!hasher.verify(wrong, against: hash))
        }
        #expect(try hasher.hash("correct horse") != hash)
    }

    @Test func `the default costs what OWASP advises`() throws {
        let hasher = try PasswordHasher()
        #expect(try hasher.hash("correct horse").hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
    }

    @Test func `nobody is never right, and takes as long as somebody`() throws {
        let hasher = try PasswordHasher(parameters: .init(operations: 3, memoryBytes: 8 * 1_024 * 1_024))
        let hash = try hasher.hash("correct horse")
        #expect(!hasher.verify("nobody has this password", against: nil))
        let clock = ContinuousClock()
        func quickest(_ body: () -> Void) -> Duration {
            (0..<5).map { _ in clock.measure(body) }.min() ?? .zero
        }
        let unknown = quickest { _ = hasher.verify("guess", against: nil) }
        let known = quickest { _ = hasher.verify("guess", against: hash) }
        // Leaving the work out would make it thousands of times shorter.
        #expect(unknown > known / 30)
    }

    @Test(arguments: ["", "x", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA", "plain text"])
    func `a damaged hash is never right and asks to be replaced`(hash: String) throws {
        let hasher = try PasswordHasher(parameters: cheap)
        #expect(!hasher.verify("plain text", against: hash))
        #expect(hasher.needsRehash(hash))
    }

    @Test func `a hash of other parameters is verified and asks to be replaced`() throws {
        let old = try PasswordHasher(parameters: cheap)
        let new = try PasswordHasher(parameters: .init(operations: 2, memoryBytes: 16_384))
        let hash = try old.hash("correct horse")
        #expect(new.verify("correct horse", against: hash))
        #expect(new.needsRehash(hash))
        #expect(!old.needsRehash(hash))
    }

    @Test(arguments: [
        PasswordHasher.Parameters(operations: 0), .init(memoryBytes: 0), .init(memoryBytes: -1),
        .init(operations: .max),
    ])
    func `parameters Argon2id does not have are refused`(parameters: PasswordHasher.Parameters) {
        #expect(throws: SecurityError.self) { try PasswordHasher(parameters: parameters) }
    }

    private func isAllowed(_ password: String) throws -> Bool {
        let username = try Username("Brigitte")
        let email = try EmailAddress("Brigitte@example.org")
        do throws(SecurityError) {
            try PasswordPolicy.check(password, username: username, email: email)
            return true
        } catch {
            #expect(error.code == .weakPassword)
            return false
        }
    }

    @Test func `length is counted in characters and nothing else is demanded`() throws {
        #expect(try !isAllowed("xkcd936"))
        #expect(try isAllowed("xkcd0936"))
        #expect(try isAllowed("        "))
        #expect(try isAllowed(String(repeating: "é", count: 256)))
        #expect(try !isAllowed(String(repeating: "é", count: 257)))
        #expect(try !isAllowed("👋👋👋👋👋👋👋"))
        #expect(try isAllowed("👋👋👋👋👋👋👋👋"))
    }

    @Test(arguments: [
        "password", "PassWord1", "12345678", "qwertyuiop", "iloveyou", "brigitte", "BRIGITTE", "brigitte@example.org",
    ])
    func `well-known passwords and one's own names are refused`(password: String) throws {
        #expect(try !isAllowed(password))
    }
}
